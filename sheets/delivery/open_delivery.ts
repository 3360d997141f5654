/** Puts together what brings messages from the outbox into the sheet. */
import type { Post } from "../../rooms/cluster/channel.ts";
import type { Clock } from "../../rooms/clock.ts";
import { Lease } from "../../rooms/kv/lease.ts";
import type { LogFigures } from "../../rooms/stats/dashboard.ts";
import type { Counters } from "../../rooms/counters.ts";
import { messageInBody } from "../../rooms/messages/message.ts";
import type { MessageLog } from "../../rooms/messages/message_log.ts";
import { IdempotentCommit } from "../../rooms/kv/idempotent_commit.ts";
import type { Trace } from "../../rooms/trace.ts";
import { Receipts } from "./receipts.ts";
import type { WakeUp } from "./wake_up.ts";
import { Flusher, type Trouble } from "./flusher.ts";
import { Delivery, idOf } from "./delivery.ts";
import { SharedDeliveryStatus } from "./status.ts";
import type { PaceOptions } from "./pace.ts";
import type { Notice, Row, Sheet } from "../sheet.ts";

export interface OpenDeliveryParts {
  readonly kv: Deno.Kv;
  /** Whether KV is behind a network. */
  readonly isRemote: boolean;
  readonly sheet: Sheet;
  readonly pace: PaceOptions;
  readonly rooms: MessageLog;
  readonly wakeUp: WakeUp;
  readonly clock: Clock;
  readonly random: () => number;
  readonly counters: Counters;
  readonly trace: Trace;
  /** Called when another isolate writes, though this one hadn't stopped. */
  readonly leaseLost?: (name: string) => void;
  /** Called for each row that the sheet refused for good. */
  readonly refused: (id: string, cause: string) => void;
  /** Told what the operator should know though rows are written. */
  readonly noticed: (notice: Notice) => void;
  readonly troubled: (trouble: Trouble | undefined, cause: unknown) => void;
  readonly failed: (what: string, error: unknown) => void;
}

/** With more dead letters than this they are counted once in so long only: each is read for it. */
const MANY_DEAD = 200;
const COUNT_DEAD_EVERY_MS = 60_000;

/** The log of this isolate. */
export interface OpenDelivery {
  readonly delivery: Delivery;
  readonly status: SharedDeliveryStatus;
  /** The sheet noticed something that the operator should know. */
  note(notice: Notice): void;
  /** A post of another isolate. */
  receive(post: Post): void;
  /** Begins to write, when nobody else does; harmless when it has begun. */
  begin(): void;
  /** Resolves when all that waits by now is written, or nobody works any more. */
  sweep(): Promise<void>;
  /** How it is doing, wherever it is written. */
  figures(): Promise<LogFigures>;
  /** What has to be done every few seconds. */
  keep(): Promise<void>;
  /** Begins no more appends, and resolves when the one that is under way has ended; `kill` cuts it short. */
  stop(): Promise<void>;
  kill(): void;
  /** Ends it. */
  close(): Promise<void>;
}

export async function openDelivery(parts: OpenDeliveryParts): Promise<OpenDelivery> {
  const { kv, isRemote, sheet, rooms, wakeUp, clock, counters, trace, failed } = parts;
  const { outbox, archive, history, lobby, channel, dailyTotals } = rooms;
  const lease = new Lease(kv, "log", clock, parts.leaseLost);
  const idempotentCommit = new IdempotentCommit({ kv, isRemote, lease });
  const delivery = new Delivery({
    kv,
    outbox,
    archive,
    sheet,
    lease,
    idempotentCommit,
    clock,
    dailyTotals,
    trace,
  });
  await delivery.load();
  const dead = await delivery.deadLetters.list();
  history.markRecorded(delivery.settled, [], dead.map(({ row }) => placeOf(row)));
  const receipts = new Receipts({ history, lobby, delivery, lease, channel });
  const flusher: Flusher = new Flusher({
    ...parts,
    outbox,
    delivery,
    lease,
    looking: () => wakeUp.looked(),
    settled: ({ upTo, recorded, refused }) => {
      counters.rows += recorded.length;
      const outcome = {
        upTo,
        recorded: recorded.map(placeOf),
        refused: refused.map(({ row }) => placeOf(row)),
      };
      receipts.settled(outcome);
      for (const { row, cause } of refused) parts.refused(idOf(row), cause);
    },
    choresFailed: (cause) => {
      parts.failed("chores_failed", cause);
      const reason = cause instanceof Error ? cause.message : String(cause);
      parts.noticed({
        code: "chores_failed",
        message: `Refused messages could not be tried again, or rows may stand twice, for now: ${reason}`,
      });
    },
    troubled: (trouble, cause) => {
      status.tell(trouble);
      parts.troubled(trouble, cause);
    },
  });
  const status = new SharedDeliveryStatus(flusher, channel, clock);
  status.open();
  const stopping = new AbortController();
  const killing = new AbortController();
  let flushing: Promise<void> | undefined;
  let counted = { dead: 0, at: -Infinity };

  async function countDead(): Promise<number> {
    const isRecent = counted.dead > MANY_DEAD && clock.elapsed() - counted.at < COUNT_DEAD_EVERY_MS;
    if (!isRecent) counted = { dead: (await delivery.deadLetters.list()).length, at: clock.elapsed() };
    return counted.dead;
  }

  return {
    delivery,
    status,
    note: (notice) => status.note(notice),
    receive(post) {
      receipts.receive(post);
      status.receive(post);
    },
    begin() {
      if (flushing) return;
      wakeUp.listen(flusher).catch((error) => failed("wake_up_failed", error));
      flushing = flusher.run(stopping.signal, killing.signal);
    },
    sweep: () => flusher.ring(),
    async figures() {
      const [oldest, dead] = await Promise.all([outbox.oldest(), countDead()]);
      const state = status.status;
      const oldestAt = oldest ? Date.parse(messageInBody(oldest.bodies[0]).timestamp) : clock.now();
      return {
        log_pending: Math.max(outbox.depth, oldest?.bodies.length ?? 0),
        log_oldest_pending_seconds: Math.max(0, Math.round((clock.now() - oldestAt) / 1000)),
        log_last_error: "reason" in state ? state.reason : null,
        log_state: state.state,
        log_dead: dead,
      };
    },
    keep: async () => channel && await receipts.look(),
    async stop() {
      stopping.abort();
      await flushing;
    },
    kill: () => killing.abort(),
    async close() {
      status.close();
      await idempotentCommit.close();
    },
  };
}

function placeOf([, room, , , id]: Row): { room: string; id: string } {
  return { room, id };
}
