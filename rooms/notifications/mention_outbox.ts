/**
 * Messages that may mention somebody, until those have been told.
 *
 * | key | value |
 * | --- | --- |
 * | `["mention", versionstamp]` | the bodies of one commit that hold an `@`, packed |
 * | `["mention_withdrawn", versionstamp]` | a {@link Withdrawal} |
 *
 * They are written in the very commit that makes the messages durable, or takes them back: whatever is killed, resent
 * or relayed, what is to be told is known as soon as the message is, and exactly once.
 */
import type { Withdrawal } from "../messages/deletion.ts";
import type { JournalItem } from "../messages/journal.ts";
import type { CommitHook } from "../messages/message_log.ts";
import { Packer, unpack } from "../kv/value_packer.ts";
import { mayMention } from "./mention.ts";
import { versionstampKey } from "../kv/versionstamp_key.ts";

/** What a commit has left to be told, or to be told no longer. */
export type MentionJob =
  & { readonly key: Deno.KvKey }
  & ({ readonly bodies: readonly string[] } | { readonly withdrawal: Withdrawal });

const MENTION = "mention";
const WITHDRAWN = "mention_withdrawn";

export class MentionOutbox implements CommitHook {
  readonly #kv: Deno.Kv;
  readonly #packer = new Packer();
  #listener: () => void = () => {};
  #mayBeginName: (initial: string) => boolean = () => true;
  #isRinging = false;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Calls `listener` after commits that left something here. */
  listen(listener: () => void): void {
    this.#listener = listener;
  }

  /** Leaves out messages whose every `@` stands before a character that no name begins with, as far as this knows. */
  consult(mayBeginName: (initial: string) => boolean): void {
    this.#mayBeginName = mayBeginName;
  }

  /** Adds to the commit of these messages which of them have to be looked at. */
  add(commit: Deno.AtomicOperation, entries: readonly JournalItem[]): void {
    for (const { draft: { body } } of entries) {
      // A part of what fits into one value fits, too.
      if (mayMention(body, this.#mayBeginName)) this.#packer.add(body);
    }
    if (!this.#packer.size) return;
    this.#set(commit, MENTION, this.#packer.take());
    this.#isRinging = true;
  }

  /** The commit was made, or may have been. */
  committed(): void {
    if (!this.#isRinging) return;
    this.#isRinging = false;
    this.#listener();
  }

  /** Adds to a commit that takes messages back that nobody is to be told of them. */
  withdraw(commit: Deno.AtomicOperation, withdrawal: Withdrawal): void {
    this.#set(commit, WITHDRAWN, withdrawal);
  }

  /** What is to be done, in order. */
  async *jobs(): AsyncGenerator<MentionJob> {
    // Withdrawals come last, and are looked up first: what they concern has then been told before.
    const withdrawals = await Array.fromAsync(
      this.#kv.list<Withdrawal>({ prefix: [WITHDRAWN] }),
      ({ key, value }) => ({ key, withdrawal: value }),
    );
    for await (const { key, value } of this.#kv.list<Uint8Array>({ prefix: [MENTION] }, { batchSize: 10 })) {
      yield { key, bodies: unpack(value) };
    }
    yield* withdrawals;
  }

  /** The keys of what is to be done first; empty when there is nothing to do. */
  async oldest(): Promise<string[]> {
    const lists = [MENTION, WITHDRAWN].map((kind) => this.#kv.list({ prefix: [kind] }, { limit: 1 }));
    const first = await Promise.all(lists.map((list) => list.next()));
    return first.flatMap(({ value }) => value ? String(value.key) : []);
  }

  /** It is done. */
  async settle({ key }: MentionJob): Promise<void> {
    await this.#kv.delete(key);
  }

  #set(commit: Deno.AtomicOperation, kind: string, value: unknown): void {
    commit.set(versionstampKey(this.#kv, kind), value);
  }
}
