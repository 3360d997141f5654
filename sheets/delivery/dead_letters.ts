/**
 * Dead letters: rows that the sheet refuses for ever, kept with the cause until somebody has them tried again.
 *
 * | key | value |
 * | --- | --- |
 * | `["dead", id]` | {@link DeadLetter} as JSON, UTF-8 |
 */
import type { Row } from "../sheet.ts";

export interface DeadLetter {
  readonly row: Row;
  /** The sheet's reason, for people. */
  readonly cause: string;
  /** Whether it is to be tried again. */
  readonly isRetried?: boolean;
}

const PREFIX = "dead";
/** A letter takes 64 KiB at most, as its message did in the outbox, and a commit 800 KiB. */
const LETTERS_PER_COMMIT = 10;

export class DeadLetters {
  readonly #kv: Deno.Kv;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** All of them, oldest first. */
  async list(): Promise<DeadLetter[]> {
    return await Array.fromAsync(
      this.#kv.list<Uint8Array>({ prefix: [PREFIX] }),
      ({ value }) => JSON.parse(decoder.decode(value)),
    );
  }

  /** Keeps letters, by commits that `commit` makes. */
  async keep(
    letters: readonly DeadLetter[],
    commit: (operation: Deno.AtomicOperation) => Promise<unknown>,
  ): Promise<void> {
    for (let i = 0; i < letters.length; i += LETTERS_PER_COMMIT) {
      const operation = this.#kv.atomic();
      for (const letter of letters.slice(i, i + LETTERS_PER_COMMIT)) {
        // As UTF-8: KV would take two bytes for each character of a text with Chinese in it.
        operation.set(keyOf(letter), encoder.encode(JSON.stringify(letter)));
      }
      await commit(operation);
    }
  }

  /** Asks for the letter of this message, or for all, to be tried again; answers how many there are to try. */
  async retry(id: string | undefined): Promise<number> {
    const letters = (await this.list()).filter(({ row }) => id === undefined || row[4] === id);
    await this.keep(
      letters.map((letter) => ({ ...letter, isRetried: true })),
      (operation) => operation.commit(),
    );
    return letters.length;
  }

  /** Adds to a commit that a letter whose row stands now be taken out. */
  remove(commit: Deno.AtomicOperation, letter: DeadLetter): Deno.AtomicOperation {
    return commit.delete(keyOf(letter));
  }
}

function keyOf({ row }: DeadLetter): Deno.KvKey {
  return [PREFIX, row[4]];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
