/** A room's past: messages that were said, archived and written to the sheet long ago. */
import { Archive } from "../../rooms/messages/archive.ts";
import { Outbox } from "../../rooms/messages/outbox.ts";
import type { Draft } from "../../rooms/messages/draft.ts";
import { guest } from "../../rooms/user.ts";
import { draftCommitter } from "./delivery.ts";
import { messageFactoryOf } from "./messages.ts";

const BATCH = 100;

/** The text of the message at a place; about as long as people's are. */
export function pastText(place: number): string {
  return `message ${place}: the quick brown fox jumps over the lazy dog`;
}

/** Leaves `count` messages in the archive of a room, said at the time of `now`, and nothing in the outbox. */
export async function writePast(
  kv: Deno.Kv,
  room: string,
  count: number,
  textOf: (place: number) => string = pastText,
  now: () => number = Date.now,
): Promise<void> {
  const messageFactory = messageFactoryOf({ timeZone: "Asia/Taipei", now });
  await writePastDrafts(kv, count, (place) => messageFactory.draft(room, guest("ada"), textOf(place)));
}

/** Leaves messages of any kind in the archive in the same way. */
export async function writePastDrafts(
  kv: Deno.Kv,
  count: number,
  draftOf: (place: number) => Draft,
): Promise<void> {
  const outbox = new Outbox(kv);
  const archive = new Archive(kv, outbox);
  await archive.open();
  const commit = draftCommitter(kv, outbox);
  for (let i = 0; i < count; i += BATCH) {
    const length = Math.min(BATCH, count - i);
    await commit(Array.from({ length }, (_, k) => draftOf(i + k)));
  }
  await archive.advance();
  const batches = await Array.fromAsync(outbox.after(""));
  for (let i = 0; i < batches.length; i += 900) {
    const removal = kv.atomic();
    outbox.remove(removal, batches.slice(i, i + 900));
    await removal.commit();
  }
}
