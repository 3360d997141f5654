/**
 * Which rooms got messages, for pushes; written in the messages' commit, so that a killed process forgets none.
 *
 * | key | value |
 * | --- | --- |
 * | `["push_job", versionstamp]` | a {@link PushJob} |
 */
import type { JournalItem } from "../../messages/journal.ts";
import type { CommitHook } from "../../messages/message_log.ts";
import { versionstampKey } from "../../kv/versionstamp_key.ts";

/** Rooms to which messages came in one commit. */
export interface PushJob {
  readonly rooms: readonly string[];
  /** In milliseconds since the epoch. */
  readonly at: number;
}

const JOB = "push_job";
/** The most names in one value of 64 KiB: a name has at most 64 characters of four bytes. */
const ROOMS_PER_JOB = 200;

/** Adds jobs to commits of messages while anybody has subscribed to pushes, and reads them back. */
export class PushOutbox implements CommitHook {
  /** Whether anybody may have subscribed: otherwise commits stay as they are. */
  isUsed = false;
  readonly #kv: Deno.Kv;
  readonly #now: () => number;

  /** `now` is in milliseconds since the epoch. */
  constructor(kv: Deno.Kv, now: () => number) {
    this.#kv = kv;
    this.#now = now;
  }

  /** Adds which rooms get messages by this commit. */
  add(commit: Deno.AtomicOperation, items: readonly JournalItem[]): void {
    if (!this.isUsed) return;
    const messages = items.filter(({ draft }) => !draft.change);
    this.addRooms(commit, messages.map(({ draft }) => draft.room));
  }

  /** Adds to a commit that pushes about these rooms may be due, for messages or for mentions that have been delivered. */
  addRooms(commit: Deno.AtomicOperation, rooms: readonly string[]): void {
    if (!this.isUsed) return;
    const all = [...new Set(rooms)];
    for (let i = 0; i < all.length; i += ROOMS_PER_JOB) {
      const job: PushJob = { rooms: all.slice(i, i + ROOMS_PER_JOB), at: this.#now() };
      commit.set(versionstampKey(this.#kv, JOB, i), job);
    }
  }

  /** The jobs that were added before a time, at most `limit` of them. */
  async before(time: number, limit: number): Promise<Deno.KvEntry<PushJob>[]> {
    const entries = await Array.fromAsync(this.#kv.list<PushJob>({ prefix: [JOB] }, { limit }));
    return entries.filter(({ value }) => value.at <= time);
  }
}
