/** Puts together what brings messages from the outbox into the sheet. */
import type { Channel, Post } from "../../rooms/cluster/channel.ts";
import type { Clock } from "../../rooms/clock.ts";
import type { Counters } from "../../rooms/counters.ts";
import { IdempotentCommit } from "../../rooms/kv/idempotent_commit.ts";
import { Lease } from "../../rooms/kv/lease.ts";
import type { Part } from "../../rooms/lifecycle.ts";
import { messageInBody } from "../../rooms/messages/message.ts";
import type { MessageLog } from "../../rooms/messages/message_log.ts";
import type { Rooms } from "../../rooms/rooms.ts";
import type { DailyTotals } from "../../rooms/stats/daily_totals.ts";
import type { DeliveryFigures } from "../../rooms/stats/dashboard.ts";
import type { EventFeed } from "../../rooms/stats/event_feed.ts";
import type { Trace } from "../../rooms/trace.ts";
import { toCsv } from "../csv_text.ts";
import type { OwnSheet, Sheets } from "../open_sheet.ts";
import { type Fields, rowsOf } from "../columns.ts";
import { inRows } from "../column_layout.ts";
import { RequestBudget } from "../google/request_budget.ts";
import { PROOF } from "../proofs/proof.ts";
import type { Notice, Problem, Sheet } from "../sheet.ts";
import { alertOf, warningOf } from "./alerts.ts";
import type { DeadLetter } from "./dead_letters.ts";
import { Delivery } from "./delivery.ts";
import { type DeliveryStatus, Flusher } from "./flusher.ts";
import { Fullness } from "./fullness.ts";
import { checkSheet, type SheetCheck, withTrouble } from "./sheet_check.ts";
import { proofKey } from "../proofs/proof_key.ts";
import { Receipts } from "./receipts.ts";
import type { RoomSheets } from "./room_sheets.ts";
import { problemIn, SharedDeliveryStatus, type StandingNotice } from "./status.ts";
import { type Verdict, Verification } from "../verification/verification.ts";
import type { WakeUp } from "./wake_up.ts";

/** What {@link openDelivery} works on. */
export interface OpenDeliveryParts {
  readonly kv: Deno.Kv;
  /** Whether KV is behind a network. */
  readonly isRemote: boolean;
  /** Makes the sheets; `noticed` is told what the operator should know, and `budget` counts requests to Google. */
  readonly openSheet: (noticed: (notice: Notice) => void, budget: RequestBudget) => Promise<Sheets>;
  readonly messageLog: MessageLog;
  readonly rooms: Rooms;
  /** Missing when there are no other isolates. */
  readonly channel: Channel | undefined;
  readonly dailyTotals: DailyTotals;
  /** Where alerts go. */
  readonly feed: EventFeed;
  readonly wakeUp: WakeUp;
  /** History older than this is deleted; 0 = kept. */
  readonly retentionDays: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly counters: Counters;
  readonly trace: Trace;
  /** Called when another isolate writes, though this one hadn't stopped. */
  readonly leaseLost?: (name: string) => void;
  /** Writes a line for operators: an event, its fields, and what caused it. */
  readonly note: (
    level: "info" | "warn",
    event: string,
    fields: Readonly<Record<string, string>>,
    cause?: unknown,
  ) => void;
  /** Reports what goes wrong, under a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
}

/** A row that the sheet refused for good. */
export interface RefusedRow {
  readonly id: string;
  readonly room: string;
  readonly username: string;
  readonly message: string;
  readonly time: string;
  /** What the sheet said. */
  readonly cause: string;
  readonly problem: Problem | undefined;
  readonly is_retried: boolean;
}

/** The delivery of this isolate. */
export interface OpenDelivery {
  /** The sheet's name, for people. */
  readonly sheet: string;
  /** The status of delivery, whichever isolate or machine writes rows. */
  readonly status: DeliveryStatus;
  /** What the operator should know though rows are written. */
  readonly notice: StandingNotice | undefined;
  figures(): Promise<DeliveryFigures>;
  /** The rows that the sheet refused for good, oldest first; also as CSV with the sheet's columns. */
  refusedRows(): Promise<RefusedRow[]>;
  refusedRowsAsCsv(): Promise<string>;
  /**
   * Compares the rows of messages from a time on, in ms since the epoch, with what was said; with `isRepair`, has missing rows
   * appended.
   */
  verify(from: number, isRepair: boolean): Promise<Verdict>;
  /** Tries once what writing rows needs, for the common sheet or for one that a room may get. */
  check(own?: OwnSheet): Promise<SheetCheck>;
  /** By which rows are proven; undefined: they have no column for it. Secret. */
  readonly proofKey: Uint8Array | undefined;
  /** The rooms that have a sheet of their own. */
  readonly roomSheets: Pick<RoomSheets, "now" | "roomsOf" | "move">;
  /** The sheet of the others, and the address with which people share theirs; texts are empty where rows go to files. */
  readonly common: OwnSheet & { readonly email: string };
  /** Retries one dead letter, or all; answers how many. Also ends every pause at once. */
  retry(id: string | undefined): Promise<number>;
}

/** With more dead letters than this they are counted once a minute only: each is read for it. */
const MANY_DEAD = 200;
const COUNT_DEAD_EVERY_MS = 60_000;

/** Opens the delivery; rows are written as soon as this isolate may store messages and nobody else writes. */
export async function openDelivery(parts: OpenDeliveryParts): Promise<OpenDelivery & Part<Post>> {
  const { kv, isRemote, messageLog, rooms, channel, wakeUp, clock, counters, feed, note, failed } = parts;
  const { outbox, archive, history } = messageLog;
  const noticed = (notice: Notice): void => {
    note("warn", "sheet_notice", { code: notice.code, message: notice.message });
    feed.alert(...alertOf(notice));
    status.note(notice);
  };
  const sheets = await parts.openSheet(noticed, new RequestBudget(kv, clock));
  const { columns, pace } = sheets;
  const key = columns.includes(PROOF) ? await proofKey(kv) : undefined;
  const lease = new Lease(kv, "log", clock, parts.leaseLost);
  const idempotentCommit = new IdempotentCommit({ kv, isRemote, lease });
  const delivery = new Delivery({
    ...parts,
    ...{ outbox, archive, sheets, lease, idempotentCommit, proofKey: key },
  });
  await delivery.load();
  const dead = await delivery.deadLetters.list();
  history.recorded.markRecorded(delivery.settled, [], dead.filter(isMessage).map(targetOf));
  const receipts = new Receipts({ history, rooms, delivery, lease, channel });
  const flusher: Flusher = new Flusher({
    ...parts,
    ...{ pace, outbox, delivery, lease },
    quotaMs: () => sheets.waitMs(),
    beforePoll: () => wakeUp.rearm(),
    settled({ upTo, recorded, refused }) {
      counters.rows += recorded.length;
      const outcome = {
        upTo,
        recorded: recorded.map(({ room, id }) => ({ room, id })),
        refused: refused.filter(isMessage).map(targetOf),
      };
      receipts.settled(outcome);
      for (const { fields, cause } of refused) note("warn", "row_refused", { id: fields.id, cause });
    },
    choresFailed(cause) {
      failed("chores_failed", cause);
      const reason = cause instanceof Error ? cause.message : String(cause);
      noticed({
        code: "chores_failed",
        message: `Refused messages could not be tried again, or rows may stand twice, for now: ${reason}`,
      });
    },
    troubled(trouble, cause) {
      status.postTrouble(trouble);
      if (trouble) note("warn", `log_${trouble.state}`, {}, cause);
      else note("info", "log_recovered", {});
      feed.alert(...warningOf(trouble));
    },
  });
  const status = new SharedDeliveryStatus(flusher, channel, clock);
  status.open();
  const { deadLetters } = delivery;
  const verification = new Verification({ ...parts, archive, delivery, deadLetters, proofKey: key, noticed });
  const sheetOf = (own?: OwnSheet): Sheet =>
    sheets.open(sheets.placeOf("lobby", new Date(clock.now()).toISOString(), false, own), false);
  // Any of them: they are in one spreadsheet, and one account writes them.
  const sheet = sheetOf();
  const fullness = new Fullness({ sheet, clock, noticed });
  let watching: Promise<void> | undefined;
  const stopping = new AbortController();
  const killing = new AbortController();
  let flushing: Promise<void> | undefined;
  messageLog.whenLeading(() => {
    if (flushing) return;
    wakeUp.listen(flusher).catch((error) => failed("wake_up_failed", error));
    flushing = flusher.run(stopping.signal, killing.signal);
  });
  let counted = { dead: 0, at: -Infinity };

  /** Looks after the sheets, besides writing rows. */
  async function watch(): Promise<void> {
    for (const [name, part] of [["audit_failed", verification], ["fullness_failed", fullness]] as const) {
      await part.tick(stopping.signal).catch((error) => stopping.signal.aborted || failed(name, error));
    }
  }

  async function countDead(): Promise<number> {
    const isRecent = counted.dead > MANY_DEAD && clock.elapsed() - counted.at < COUNT_DEAD_EVERY_MS;
    if (!isRecent) counted = { dead: (await delivery.deadLetters.list()).length, at: clock.elapsed() };
    return counted.dead;
  }

  return {
    name: "delivery",
    sheet: sheets.name,
    get status() {
      return status.status;
    },
    get notice() {
      return status.notice;
    },
    async figures() {
      const [oldest, dead] = await Promise.all([outbox.oldest(), countDead()]);
      const state = status.status;
      const oldestAt = oldest ? Date.parse(messageInBody(oldest.bodies[0]).timestamp) : clock.now();
      return {
        log_pending: Math.max(outbox.depth, oldest?.bodies.length ?? 0),
        log_oldest_pending_seconds: Math.max(0, Math.round((clock.now() - oldestAt) / 1000)),
        log_last_error: "reason" in state ? state.reason : null,
        log_problem: problemIn(state),
        log_state: state.state,
        log_dead: dead,
        sheet_percent: fullness.percent,
      };
    },
    refusedRows: async () => (await delivery.deadLetters.list()).map(refusedRow),
    async refusedRowsAsCsv() {
      const letters = await delivery.deadLetters.list();
      // The mark keeps spreadsheet programs from taking it for the local code page.
      return `\ufeff${toCsv([inRows(columns), ...rowsOf(letters.map(asMessage), columns)])}`;
    },
    async verify(from, isRepair) {
      const verdict = await verification.verify(from, killing.signal);
      if (isRepair) {
        await verification.repair(verdict, from);
        status.probe();
      }
      return verdict;
    },
    async check(own) {
      const found = await checkSheet(own ? sheetOf(own) : sheet, killing.signal);
      const now = status.status;
      if (own || found.problem || !("reason" in now) || now.state !== "paused") return found;
      // It may be mended by now.
      status.probe();
      return withTrouble(found, now, sheets.spreadsheet);
    },
    proofKey: key,
    roomSheets: delivery.roomSheets,
    common: sheets,
    async retry(id) {
      const count = await delivery.deadLetters.retry(id);
      status.probe();
      return count;
    },
    receive(post) {
      receipts.receive(post);
      status.receive(post);
    },
    sweep: () => flusher.ring(),
    async tick() {
      if (channel) await receipts.poll();
      // It may take longer than a tick.
      watching ??= watch().then(() => watching = undefined);
    },
    quiesce: () => stopping.abort(),
    async drain(deadline) {
      void deadline.then(() => killing.abort());
      await flushing;
    },
    async close() {
      await Promise.all([flushing, watching]);
      status.close();
      await idempotentCommit.close();
      await sheets[Symbol.asyncDispose]();
    },
  };
}

function isMessage({ isChange }: DeadLetter): boolean {
  return !isChange;
}

/** A refused row in the fields of a message. */
function asMessage({ fields, isChange }: DeadLetter): Fields {
  const { change, message_id, text } = fields;
  return isChange ? { ...fields, message: `${change} ${message_id} ${text ?? ""}`.trim() } : fields;
}

function refusedRow(letter: DeadLetter): RefusedRow {
  const { cause, problem, isRetried = false } = letter;
  const { id, room, username = "", message = "", time = "" } = asMessage(letter);
  return { id, room, username, message, time, cause, problem, is_retried: isRetried };
}

function targetOf({ fields: { room, id } }: DeadLetter): { room: string; id: string } {
  return { room, id };
}
