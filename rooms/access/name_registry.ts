/**
 * The registry of account names: which account owns a name.
 *
 * | key | value |
 * | --- | --- |
 * | `["account_name", folded]` | the id of the account that owns this name |
 *
 * A name is compared in its folded form, see `foldName`. An earlier version folded otherwise, see `stored_names.ts`.
 */
import type { ChangeFeed } from "../kv/change_feed.ts";
import { commonStart, MAX_FOLDED_LENGTH, withoutLast } from "./account_name.ts";
import { foldName } from "./fold_name.ts";
import { NameIndex } from "./name_index.ts";
import { foldStoredNames, storedFormsOf } from "./legacy_names.ts";

const NAME = "account_name";

/** Looks names up, and adds to commits that accounts take or free them. */
export class NameRegistry {
  readonly #kv: Deno.Kv;
  readonly #index: NameIndex;

  constructor(kv: Deno.Kv, changes: ChangeFeed) {
    this.#kv = kv;
    this.#index = new NameIndex(() => this.#list(), changes);
  }

  /** Makes names that an earlier version stored findable; needed once, before any is looked up. */
  async open(): Promise<void> {
    await foldStoredNames(this.#kv, NAME);
  }

  /** The id of the account that owns a name, in any case or width; `undefined` when none does. */
  async owner(name: string): Promise<string | undefined> {
    for (const folded of storedFormsOf([name])) {
      const { value } = await this.#kv.get<string>([NAME, folded]);
      if (value) return value;
    }
  }

  /** Whether an account owns a name. One that another process created within the last second may not be known yet. */
  async isOwned(name: string): Promise<boolean> {
    if (!this.#index.mayOwn(foldName(name))) return false;
    return await this.owner(name) !== undefined;
  }

  /** The owned names that look like a name, and so does the name itself; see {@link isOwned} for new ones. */
  async alike(name: string): Promise<readonly string[]> {
    return await this.#index.alike(name);
  }

  /** Whether an owned name may begin with this folded character; as certain as {@link isOwned}, but at once. */
  mayBegin(initial: string): boolean {
    return this.#index.mayBegin(initial);
  }

  /**
   * The id of the account with the longest name that a folded text begins with and that `mayEnd` there. Each lookup
   * takes the greatest name up to the text: this is the name itself, or it tells how much of the text a name can share.
   */
  async longestAtStart(text: string, mayEnd: (name: string) => boolean): Promise<string | undefined> {
    let rest = text.slice(0, MAX_FOLDED_LENGTH).toWellFormed();
    while (rest) {
      const range = { start: [NAME, ""], end: [NAME, `${rest}\0`] };
      const { value: entry } = await this.#kv.list<string>(range, { reverse: true, limit: 1 }).next();
      if (!entry) return undefined;
      const name = String(entry.key[1]);
      if (text.startsWith(name) && mayEnd(name)) return entry.value;
      rest = name === rest ? withoutLast(name) : commonStart(name, rest);
    }
  }

  /** Adds to a commit that an account takes folded names; it fails when another account takes one of them first. */
  take(commit: Deno.AtomicOperation, names: Iterable<string>, account: string): void {
    for (const name of names) {
      commit.check({ key: [NAME, name], versionstamp: null }).set([NAME, name], account);
    }
  }

  /** Whether nobody has this folded name. */
  async isFree(name: string): Promise<boolean> {
    return (await this.#kv.get([NAME, name])).value === null;
  }

  /** Adds to a commit that those of these folded names are free again that the account has. */
  async free(commit: Deno.AtomicOperation, names: Iterable<string>, account: string): Promise<void> {
    for (const name of names) {
      const key = [NAME, name];
      if ((await this.#kv.get<string>(key)).value === account) commit.delete(key);
    }
  }

  /** Folded names were taken by a commit of this process. */
  taken(names: Iterable<string>): void {
    this.#index.add(names);
  }

  async *#list(): AsyncGenerator<string> {
    for await (const { key } of this.#kv.list({ prefix: [NAME] }, { batchSize: 500 })) yield String(key[1]);
  }
}
