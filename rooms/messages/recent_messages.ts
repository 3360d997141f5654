/** The newest messages of one room in memory, without a gap up to the room's last message. */
import { idIn, isDeleted, type Line, seqIn, stampIn } from "./message.ts";
import { DEFAULT_PAGE } from "../protocol.ts";

/** Lines that stay in memory while somebody holds the room, though they are archived. */
const KEPT_LINES = 256;

/** One room's newest lines. {@link History} decides when they are read and forgotten. */
export class RecentMessages {
  /** Callers that need the room in memory; while above 0, {@link KEPT_LINES} stay. */
  holders = 0;
  /** The read that completes a first page from the archive, while it is under way. */
  loading: Promise<void> | undefined;
  #lines: Line[] = [];
  #floor: string;

  /** `position`: the versionstamp up to which the archive has everything, `""` for an empty archive. */
  constructor(position: string) {
    // What was committed up to there is archived: otherwise its room would still be in memory.
    this.#floor = position && `${position}~`;
  }

  /** In the room's order. */
  get lines(): readonly Line[] {
    return this.#lines;
  }

  /** Every line of the room with this `seq` or a higher one is in {@link lines}; `""`: all of its lines are. */
  get floor(): string {
    return this.#floor;
  }

  /** Whether a first page has to be completed from the archive. */
  get isShort(): boolean {
    return this.#floor !== "" && this.#lines.length <= DEFAULT_PAGE;
  }

  /** Adds a committed line; false when it is already known, because it was read from the archive before. */
  append(line: Line): boolean {
    const last = this.#lines.at(-1);
    // Compare by `seq`, with which a line begins: a deleted message's line differs from the committed one behind it.
    if (last ? seqIn(line) <= seqIn(last) : line < this.#floor) return false;
    this.#lines.push(line);
    return true;
  }

  /** Adds older lines, which end where {@link lines} begin; `more`: the room has yet older ones. */
  prepend(older: readonly Line[], more: boolean): void {
    this.#lines = [...older, ...this.#lines];
    this.#floor = more ? seqIn(this.#lines[0]) : "";
  }

  /** Changes lines, and removes those for which `change` returns `undefined`. */
  revise(change: (line: Line) => Line | undefined): void {
    const last = this.#lines.at(-1);
    this.#lines = this.#lines.map(change).filter((line) => line !== undefined);
    // A removed line that arrives again must not count as new.
    if (last && !this.#lines.length) this.#floor = `${seqIn(last)}~`;
  }

  /**
   * Drops lines that the archive has, which is everything up to the versionstamp `position`, but keeps
   * {@link KEPT_LINES} of a held room. True when nothing has to stay in memory.
   */
  trim(position: string): boolean {
    const { length } = this.#lines;
    const firstFresh = this.#lines.findIndex((line) => stampIn(line) > position);
    const archived = firstFresh < 0 ? length : firstFresh;
    const surplus = this.holders ? Math.min(archived, length - KEPT_LINES) : archived;
    if (surplus === length) return true;
    if (surplus > 0) {
      this.#lines = this.#lines.slice(surplus);
      this.#floor = seqIn(this.#lines[0]);
    }
    return false;
  }

  /** The line of the message `id`; `undefined` when it isn't in memory. */
  find(id: string): Line | undefined {
    return this.#lines.findLast((line) => idIn(line) === id);
  }

  /** The ids of deleted messages among the newest {@link KEPT_LINES}. */
  deleted(): string[] {
    return this.#lines.slice(-KEPT_LINES).filter(isDeleted).map(idIn);
  }
}

/** The lines from a `seq` on. */
export function linesFrom(lines: readonly Line[], seq: string): readonly Line[] {
  const at = lines.findIndex((line) => line >= seq);
  return at < 0 ? [] : lines.slice(at);
}
