/**
 * Dead letters: rows that the sheet refused for good, kept with the cause until somebody retries them.
 *
 * | key | value |
 * | --- | --- |
 * | `["dead", id]` | {@link DeadLetter} as JSON, UTF-8 |
 */
import type { Fields } from "../columns.ts";
import { CHANGES_HEADER, HEADER, type Problem, type Row } from "../sheet.ts";

/** A row that the sheet refused for good. */
export interface DeadLetter {
  readonly fields: Fields;
  /** Present for a row of changes. */
  readonly isChange?: true;
  /** Versionstamp of the row's commit; missing in letters of versions in which no room had a sheet of its own. */
  readonly versionstamp?: string | undefined;
  /** The reason, one sentence for people. */
  readonly cause: string;
  /** Which sentence that is; missing in letters of earlier versions. */
  readonly problem?: Problem;
  /** Whether somebody asked for it to be retried. */
  readonly isRetried?: boolean;
}

/** The form in which versions before 0.2 stored a letter. */
type OldDeadLetter = Omit<DeadLetter, "fields"> & { readonly row: Row };

const PREFIX = "dead";
/** A letter has at most 64 KiB, as its message had in the outbox; a commit in KV has at most 800 KiB. */
const LETTERS_PER_COMMIT = 10;

/** All dead letters in KV. */
export class DeadLetters {
  readonly #kv: Deno.Kv;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** All of them, oldest first. */
  async list(): Promise<DeadLetter[]> {
    return await Array.fromAsync(
      this.#kv.list<Uint8Array>({ prefix: [PREFIX] }),
      ({ value }) => letterOf(JSON.parse(decoder.decode(value))),
    );
  }

  /** Stores letters; `commit` makes each commit. */
  async keep(
    letters: readonly DeadLetter[],
    commit: (operation: Deno.AtomicOperation) => Promise<unknown>,
  ): Promise<void> {
    for (let i = 0; i < letters.length; i += LETTERS_PER_COMMIT) {
      const operation = this.#kv.atomic();
      for (const letter of letters.slice(i, i + LETTERS_PER_COMMIT)) {
        // As UTF-8: KV stores a string with Chinese in it as two bytes for each character.
        operation.set(keyOf(letter), encoder.encode(JSON.stringify(letter)));
      }
      await commit(operation);
    }
  }

  /** Marks the letter of this message, or all letters, for a retry; returns how many. */
  async retry(id: string | undefined): Promise<number> {
    const letters = (await this.list()).filter(({ fields }) => id === undefined || fields.id === id);
    await this.keep(
      letters.map((letter) => ({ ...letter, isRetried: true })),
      (operation) => operation.commit(),
    );
    return letters.length;
  }

  /** Adds the deletion of a letter to a commit; its row is in the sheet by now. */
  remove(commit: Deno.AtomicOperation, letter: DeadLetter): Deno.AtomicOperation {
    return commit.delete(keyOf(letter));
  }
}

function keyOf({ fields }: DeadLetter): Deno.KvKey {
  return [PREFIX, fields.id];
}

function letterOf(stored: DeadLetter | OldDeadLetter): DeadLetter {
  if ("fields" in stored) return stored;
  const { row, ...rest } = stored;
  const header = rest.isChange ? CHANGES_HEADER : HEADER;
  const texts = Object.fromEntries(row.map((text, index) => [header[index], text]));
  return { ...rest, fields: { ...texts, id: texts.id, room: texts.room } };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
