/** The names that accounts own, held in memory: each guest's name is looked up, and after a restart all guests come at once. */
import type { ChangeFeed } from "../kv/change_feed.ts";

/** More aren't held: about 20 MB. */
const MOST_NAMES = 200_000;

export class NameIndex {
  readonly #list: () => AsyncIterable<string>;
  #names: Set<string> | undefined;
  /** With what characters they begin. */
  #initials = new Set<string>();
  #loading: Promise<void> | undefined;
  /** Names that were made while the others were being loaded. */
  #fresh = new Set<string>();
  #isTooMany = false;

  /** `list` brings all names that are owned, folded. */
  constructor(list: () => AsyncIterable<string>, changes: ChangeFeed) {
    this.#list = list;
    changes.listen((change) => {
      if (change.type === "names") this.add(change.names);
      if (change.type === "unknown") this.#forget();
    });
  }

  /**
   * Whether an account may own a folded name. `false` is certain, but for accounts that another process made a second
   * ago: their names' guests have to leave when this process hears of it, like those who were here before. `true` has
   * to be looked up.
   */
  mayOwn(name: string): boolean {
    if (this.#names) return this.#names.has(name);
    if (!this.#isTooMany) this.#loading ??= this.#load();
    return true;
  }

  /** Whether a name that an account owns may begin so: with one character, folded. As certain as {@link mayOwn}. */
  mayBegin(initial: string): boolean {
    if (this.#names) return this.#initials.has(initial);
    return this.mayOwn(initial);
  }

  add(names: Iterable<string>): void {
    for (const name of names) {
      (this.#names ?? this.#fresh).add(name);
      this.#initials.add(initialOf(name));
    }
  }

  /** What is being listed may lack what was missed, too. */
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
      this.#initials = new Set(Array.from(this.#names, initialOf));
    } catch {
      // As long as they can't be listed each name is looked up, which says what is wrong.
    } finally {
      if (this.#fresh === fresh) this.#loading = undefined;
    }
  }
}

function initialOf(name: string): string {
  return String.fromCodePoint(name.codePointAt(0) ?? 0);
}
