/**
 * The names that accounts own, in memory: each guest's name is looked up when it connects, and after a restart all guests
 * connect at once.
 */
import type { ChangeFeed } from "../kv/change_feed.ts";
import { foldName } from "./fold_name.ts";
import { likenessesOf, likenessOf } from "./likeness.ts";

/** Names in memory at most, about 20 MB; with more of them each name is looked up in KV. */
const MOST_NAMES = 200_000;

/** Tells at once that no account owns a name. */
export class NameIndex {
  readonly #list: () => AsyncIterable<string>;
  #names: Set<string> | undefined;
  /** Their first characters. */
  #initials = new Set<string>();
  /** Those that look alike, by their likeness. */
  #alike = new Map<string, string[]>();
  #loading: Promise<void> | undefined;
  /** Names that were taken while the others were being loaded. */
  #fresh = new Set<string>();
  #isTooMany = false;

  /** `list` yields all owned names, folded. */
  constructor(list: () => AsyncIterable<string>, changes: ChangeFeed) {
    this.#list = list;
    changes.listen((change) => {
      if (change.type === "names") this.add(change.names);
      if (change.type === "unknown") this.#forget();
    });
  }

  /**
   * Whether an account may own a folded name. `true` has to be looked up. `false` is certain, except for accounts that
   * another process created within the last second: guests with their names have to leave when the change arrives, like
   * those who connected before.
   */
  mayOwn(name: string): boolean {
    if (this.#names) return this.#names.has(name);
    if (!this.#isTooMany) this.#loading ??= this.#load();
    return true;
  }

  /** Whether an owned name may begin with this folded character; as certain as {@link mayOwn}. */
  mayBegin(initial: string): boolean {
    if (this.#names) return this.#initials.has(initial);
    return this.mayOwn(initial);
  }

  /**
   * The owned names that look like a name, folded, for the caller to look up. Waits until names are in memory; where they can't
   * be, only the name itself.
   */
  async alike(name: string): Promise<readonly string[]> {
    if (!this.#names && !this.#isTooMany) await (this.#loading ??= this.#load());
    if (!this.#names) return [foldName(name)];
    return Array.from(likenessesOf(name)).flatMap((like) => this.#alike.get(like) ?? []);
  }

  /** Adds folded names that an account has taken. */
  add(names: Iterable<string>): void {
    for (const name of names) {
      if (!this.#names) this.#fresh.add(name);
      else if (!this.#names.has(name)) {
        this.#names.add(name);
        this.#sort([name]);
      }
    }
  }

  #sort(names: Iterable<string>): void {
    for (const name of names) {
      this.#initials.add(initialOf(name));
      const like = likenessOf(name);
      const alike = this.#alike.get(like);
      if (alike) alike.push(name);
      else this.#alike.set(like, [name]);
    }
  }

  /** Also ends the loading under way, which may lack the names that were missed. */
  #forget(): void {
    this.#names = this.#loading = undefined;
    this.#fresh = new Set();
  }

  async #load(): Promise<void> {
    const fresh = this.#fresh = new Set();
    try {
      const names = new Set<string>();
      for await (const name of this.#list()) {
        names.add(name);
        this.#isTooMany = names.size > MOST_NAMES;
        if (this.#isTooMany) return;
      }
      if (this.#fresh !== fresh) return;
      this.#names = names.union(fresh);
      this.#initials.clear();
      this.#alike.clear();
      this.#sort(this.#names);
    } catch {
      // While listing fails, each name is looked up, and the lookup throws what is wrong.
    } finally {
      if (this.#fresh === fresh) this.#loading = undefined;
    }
  }
}

function initialOf(name: string): string {
  return String.fromCodePoint(name.codePointAt(0) ?? 0);
}
