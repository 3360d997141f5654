/** The steps from what older programs stored to what this one reads, in order, see `kv/stored_version.ts`. */
import type { Migration } from "./kv/stored_version.ts";
import { measureAllPages } from "./messages/page_extent.ts";
import { signAllPages } from "./messages/page_signature.ts";
import { indexPushes } from "./notifications/push/push_queue.ts";

/** One step for each version. */
export const MIGRATIONS: readonly Migration[] = [
  // What was written before there were versions is read as it is.
  () => Promise.resolve(),
  // Entries stand among the messages from here on: an older program would take them for messages.
  () => Promise.resolve(),
  // Pages have signatures: an older program would write some without, which a search would miss.
  signAllPages,
  // Pages have extents: an older program would write some without, which a count would miss. The next step measures them.
  () => Promise.resolve(),
  // Extents say by whom messages are, and which are deleted.
  measureAllPages,
  // Pushes are found by when they are due.
  indexPushes,
];
