/** The log for tests: everything from the outbox to the sheet, without rooms and routes. */
import { Archive } from "../../rooms/messages/archive.ts";
import type { Draft } from "../../rooms/messages/draft.ts";
import { Outbox } from "../../rooms/messages/outbox.ts";
import { IdempotentCommit } from "../../rooms/kv/idempotent_commit.ts";
import { Packer } from "../../rooms/kv/value_packer.ts";
import { guest } from "../../rooms/user.ts";
import type { Clock } from "../../rooms/clock.ts";
import { Flusher } from "../../sheets/delivery/flusher.ts";
import type { Trouble } from "../../sheets/delivery/troubles.ts";
import { Lease } from "../../rooms/kv/lease.ts";
import { Delivery, type Settled } from "../../sheets/delivery/delivery.ts";
import type { Sheets } from "../../sheets/open_sheet.ts";
import type { PaceOptions } from "../../sheets/delivery/pace.ts";
import { CHANGES_HEADER, HEADER, type Row, type Sheet } from "../../sheets/sheet.ts";
import { SwiftClock } from "../fakes/clock.ts";
import { messageFactoryOf } from "./messages.ts";

export interface TestLog extends AsyncDisposable {
  readonly kv: Deno.Kv;
  readonly outbox: Outbox;
  readonly flusher: Flusher;
  readonly lease: Lease;
  readonly delivery: Delivery;
  readonly clock: Clock;
  readonly settled: readonly Settled[];
  /** Why what is to be done besides failed. */
  readonly choresFailed: readonly unknown[];
  readonly troubles: readonly (Trouble | undefined)[];
  /** Commits messages to one room as one batch, and answers their ids. */
  commit(...messages: string[]): Promise<string[]>;
  /** Commits an edit of each of these messages, and answers the edits' ids. */
  edit(...messageIds: string[]): Promise<string[]>;
  /** Resolves when what is pending by now is settled. */
  drained(): Promise<void>;
  /** Resolves at the next trouble that the flusher reports. */
  nextTrouble(): Promise<Trouble | undefined>;
}

const AT_ONCE: PaceOptions = { perMinute: Infinity, spacingMs: 0, rushSpacingMs: 0 };

/** Starts a flusher on `sheet`; with `kv` it is one of several on the same database, which it then doesn't close. */
export async function startLog(
  sheet: Sheet,
  options: {
    kv?: Deno.Kv;
    clock?: Clock;
    /** Where waits of the other one are longer than a lease. */
    leaseClock?: Clock;
    pace?: PaceOptions;
    changes?: Sheet;
    columns?: Row;
    sheets?: Sheets;
  } = {},
): Promise<TestLog> {
  const kv = options.kv ?? await Deno.openKv(":memory:");
  const clock = options.clock ?? new SwiftClock();
  const outbox = new Outbox(kv);
  const archive = new Archive(kv, outbox);
  await archive.open();
  const lease = new Lease(kv, "log", options.leaseClock ?? clock);
  const idempotentCommit = new IdempotentCommit({ kv, isRemote: false, lease });
  const { changes = sheet, columns = HEADER } = options;
  const sheets = options.sheets ?? sheetsOf(sheet, changes, columns);
  const delivery = new Delivery({ kv, outbox, archive, sheets, lease, idempotentCommit, clock });
  const settled: Settled[] = [];
  const choresFailed: unknown[] = [];
  const troubles: (Trouble | undefined)[] = [];
  let told = Promise.withResolvers<Trouble | undefined>();
  const flusher = new Flusher({
    outbox,
    delivery,
    lease,
    pace: options.pace ?? AT_ONCE,
    quotaMs: () => sheets.waitMs(),
    clock,
    random: () => 0.5,
    beforePoll: () => {},
    settled: (result) => settled.push(result),
    choresFailed: (cause) => choresFailed.push(cause),
    troubled: (trouble) => {
      troubles.push(trouble);
      told.resolve(trouble);
      told = Promise.withResolvers();
    },
  });
  const stop = new AbortController();
  const running = flusher.run(stop.signal, stop.signal);
  const messageFactory = messageFactoryOf({ timeZone: "Asia/Taipei" });
  const commit = draftCommitter(kv, outbox);
  const draft = (message: string) => messageFactory.draft("lobby", guest("ada"), message);
  const edit = (message_id: string) =>
    messageFactory.entry("lobby", guest("ada"), { entry: "edited", message_id, message: "mended" });
  return {
    kv,
    outbox,
    flusher,
    lease,
    delivery,
    clock,
    settled,
    choresFailed,
    troubles,
    commit: (...messages) => commit(messages.map(draft)),
    edit: (...messageIds) => commit(messageIds.map(edit)),
    drained: () => flusher.ring(),
    nextTrouble: () => told.promise,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      if (!options.kv) kv.close();
    },
  };
}

/** One sheet of messages and one of changes. */
function sheetsOf(sheet: Sheet, changes: Sheet, columns: Row): Sheets {
  return {
    ...{
      name: sheet.name,
      spreadsheet: "",
      email: "",
      tab: "",
      columns,
      changesColumns: CHANGES_HEADER,
      pace: AT_ONCE,
    },
    placeOf: (_room, _time, isChange) => isChange ? "changes" : "messages",
    waitMs: () => Promise.resolve(0),
    open: (_place, isChange) => isChange ? changes : sheet,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * Puts messages into the outbox as a journal would, one batch a call, and answers their ids. `now` is the process's
 * time of day.
 */
export function committer(
  kv: Deno.Kv,
  outbox: Outbox,
  now: () => number = Date.now,
): (room: string, ...messages: string[]) => Promise<string[]> {
  const messageFactory = messageFactoryOf({ timeZone: "Asia/Taipei", now });
  const commit = draftCommitter(kv, outbox);
  return (room, ...messages) =>
    commit(messages.map((message) => messageFactory.draft(room, guest("ada"), message)));
}

/** Puts drafts into the outbox in the same way. */
export function draftCommitter(kv: Deno.Kv, outbox: Outbox): (drafts: readonly Draft[]) => Promise<string[]> {
  const packer = new Packer();
  return async (drafts) => {
    for (const { body } of drafts) {
      if (!packer.add(body)) throw new Error("These messages don't fit into one batch");
    }
    const commit = kv.atomic();
    outbox.add(commit, packer.take(), drafts.length);
    await commit.commit();
    outbox.changeDepth(drafts.length);
    return drafts.map(({ id }) => id);
  };
}
