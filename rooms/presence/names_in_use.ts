/** The names in use in a room, folded, each with its users and since when they have it. */
import { foldName } from "../access/fold_name.ts";
import { MAX_NAME_LENGTH } from "../user.ts";

interface Holder {
  /** Milliseconds since the epoch; the user who came first has the right to a name. */
  since: number;
  /** Calls of {@link NamesInUse.hold} without their `release` yet. */
  count: number;
}

/** The names in use in a room, each with who uses it and since when. */
export class NamesInUse {
  readonly #holders = new Map<string, Map<string, Holder>>();

  /** A user has a name since then; to be followed by one {@link release}. */
  hold(name: string, id: string, since: number): void {
    const folded = foldName(name);
    let holders = this.#holders.get(folded);
    if (!holders) this.#holders.set(folded, holders = new Map());
    const holder = holders.get(id);
    if (holder) {
      holder.count++;
      // The time at which the user came, which other isolates know, replaces that of the claim before.
      holder.since = since;
    } else holders.set(id, { since, count: 1 });
  }

  release(name: string, id: string): void {
    const folded = foldName(name);
    const holders = this.#holders.get(folded);
    const holder = holders?.get(id);
    if (!holders || !holder || --holder.count) return;
    holders.delete(id);
    if (!holders.size) this.#holders.delete(folded);
  }

  /** The users who have a name, the one with the best right to it first. */
  holders(name: string): string[] {
    const holders = [...this.#holders.get(foldName(name)) ?? []];
    return holders.sort(([a, { since }], [b, other]) => since - other.since || (a < b ? -1 : 1)).map(([id]) =>
      id
    );
  }

  /** The name, or the first of `<name> 2`, `<name> 3` and so on that nobody else has and that isn't `refused`. */
  freeName(wanted: string, id: string, refused: ReadonlySet<string>): string {
    const base = foldName(wanted);
    for (let number = 1;; number++) {
      const suffix = number === 1 ? "" : ` ${number}`;
      const name = withSuffix(wanted, suffix);
      // Folding is the dear part, and only a name that had to be cut folds otherwise.
      const folded = name === wanted + suffix ? base + suffix : foldName(name);
      const holders = this.#holders.get(folded);
      const isFree = !holders || (holders.size === 1 && holders.has(id));
      if (isFree && !refused.has(name)) return name;
    }
  }
}

/** Whether a name is `wanted`, or what {@link NamesInUse.freeName} may have made of it. */
export function isVariant(name: string, wanted: string): boolean {
  const suffix = / \d+$/.exec(name)?.[0] ?? "";
  return name === wanted || (suffix !== "" && name === withSuffix(wanted, suffix));
}

function withSuffix(name: string, suffix: string): string {
  const whole = name + suffix;
  const surplus = [...whole].length - MAX_NAME_LENGTH;
  return surplus > 0 ? [...name].slice(0, -surplus).join("").trimEnd() + suffix : whole;
}
