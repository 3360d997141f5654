/** The newest messages and entries of one room in memory, without a gap up to the room's last one. */
import { type Entry, entryIn, isReply, revisionBy, revisionByAll } from "./entries/entry.ts";
import { idIn, isDeleted, isEntry, type Line, seqIn, stampIn } from "./message.ts";
import { NO_PINS, type Pins, pinsAfter } from "./entries/pins.ts";
import { DEFAULT_PAGE } from "../protocol.ts";

/** Lines that stay in memory while somebody holds the room, though they are archived. */
const KEPT_LINES = 256;

/** Characters in one page at most: clients that don't read their answers must not fill memory with them. */
const MAX_PAGE_LENGTH = 256_000;

/** Consecutive messages of a room, oldest first. */
export interface HistoryPage {
  readonly lines: readonly Line[];
  /** Whether there are further messages in the direction of reading. */
  readonly more: boolean;
}

/** One room's newest lines. {@link History} decides when they are read and forgotten. */
export class RecentMessages {
  /** Callers that need the room in memory; while above 0, {@link KEPT_LINES} stay. */
  holders = 0;
  /** The read that completes a first page from the archive, while it is under way. */
  loading: Promise<void> | undefined;
  /** What is pinned to the room; `undefined` until it was read from the archive. */
  #pins: Pins | undefined;
  #lines: Line[] = [];
  #floor: string;
  #entries: Entry[] = [];
  /** Every entry with this `seq` or a higher one is in {@link entries}. */
  #entriesFloor: string;
  /** The highest `seq` so far. */
  #last: string;

  /** `position`: the versionstamp up to which the archive has everything, `""` for an empty archive. */
  constructor(position: string) {
    // What was committed up to there is archived: otherwise its room would still be in memory.
    this.#floor = position && `${position}~`;
    this.#entriesFloor = this.#last = this.#floor;
    if (!position) this.#pins = NO_PINS;
  }

  /** The messages, in the room's order, each in its present state. */
  get lines(): readonly Line[] {
    return this.#lines;
  }

  /** Every line of the room with this `seq` or a higher one is in {@link lines}; `""`: all of its lines are. */
  get floor(): string {
    return this.#floor;
  }

  /** The entries, in the room's order. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Every entry with this `seq` or a higher one is in {@link entries}. */
  get entriesFloor(): string {
    return this.#entriesFloor;
  }

  /** What is pinned; `undefined` until {@link readPins}. */
  get pins(): Pins | undefined {
    return this.#pins;
  }

  /** Takes what the archive says is pinned. */
  readPins(archived: Pins): void {
    this.#pins = pinsAfter(archived, this.#entries);
  }

  /** Whether a first page has to be completed from the archive. */
  get isShort(): boolean {
    return this.#floor !== "" && this.#lines.length <= DEFAULT_PAGE;
  }

  /**
   * Adds a committed line; returns it in its present state, or `undefined` when it is already known, because it was read
   * from the archive before.
   */
  append(line: Line): Line | undefined {
    const seq = seqIn(line);
    if (seq <= this.#last) return undefined;
    this.#last = seq;
    if (isEntry(line)) {
      this.#apply(entryIn(line));
      return line;
    }
    // What a reply quotes may have been deleted between its draft and its commit.
    const present = this.#entries.length && isReply(line) ? this.revision(line) : line;
    this.#lines.push(present);
    return present;
  }

  /** Adds older lines, which end where {@link lines} begin; `more`: the room has yet older ones. */
  prepend(older: readonly Line[], more: boolean): void {
    this.#lines = [...older.map(this.revision), ...this.#lines];
    this.#floor = more ? seqIn(this.#lines[0]) : "";
  }

  /** Changes the lines of messages, and removes those for which `change` returns `undefined`. */
  revise(change: (line: Line) => Line | undefined): void {
    this.#lines = this.#lines.map(change).filter((line) => line !== undefined);
  }

  /** What the entries in memory do to a line that was read from the archive, which may not have them yet. */
  get revision(): (line: Line) => Line {
    return revisionByAll(this.#entries);
  }

  /**
   * Drops lines that the archive has, which is everything up to the versionstamp `position`, but keeps
   * {@link KEPT_LINES} of a held room. True when nothing has to stay in memory.
   */
  trim(position: string): boolean {
    const { length } = this.#lines;
    this.#dropEntries(position, this.holders ? KEPT_LINES : 0);
    const firstFresh = this.#lines.findIndex((line) => stampIn(line) > position);
    const archived = firstFresh < 0 ? length : firstFresh;
    const surplus = this.holders ? Math.min(archived, length - KEPT_LINES) : archived;
    if (surplus === length) return !this.#entries.length;
    if (surplus > 0) {
      this.#lines = this.#lines.slice(surplus);
      this.#floor = seqIn(this.#lines[0]);
    }
    return false;
  }

  /** Makes memory equal to the archive, which has everything up to the versionstamp `position`. */
  reread(position: string, archived: ReadonlyMap<string, Line>): void {
    this.#dropEntries(position, 0);
    // A line that isn't archived yet can't have been revised there.
    this.revise((line) => stampIn(line) > position ? line : archived.get(seqIn(line)));
    this.revise(this.revision);
  }

  /** Drops entries that the archive has, but keeps the last `kept` of all. */
  #dropEntries(position: string, kept: number): void {
    const firstFresh = this.#entries.findIndex(({ seq }) => stampIn(seq) > position);
    const archived = firstFresh < 0 ? this.#entries.length : firstFresh;
    const surplus = Math.min(archived, this.#entries.length - kept);
    if (surplus <= 0) return;
    this.#entriesFloor = `${this.#entries[surplus - 1].seq}~`;
    this.#entries = this.#entries.slice(surplus);
  }

  #apply(entry: Entry): void {
    this.#entries.push(entry);
    if (this.#pins) this.#pins = pinsAfter(this.#pins, [entry]);
    const revision = revisionBy(entry);
    for (const [i, line] of this.#lines.entries()) {
      const revised = revision(line);
      if (revised !== line) this.#lines[i] = revised;
    }
    const { message_id } = entry;
    const isEditOfIt = (other: Entry): boolean => other.message_id === message_id && other.entry === "edited";
    if (!this.#entries.some((other) => other.message_id === message_id && other.entry === "deleted")) return;
    // The words of its edits go with those of the message.
    this.#entries = this.#entries.map((other) =>
      isEditOfIt(other) ? { ...other, message: undefined } : other
    );
  }

  /** Whether the message or entry `id` is in memory. */
  knows(id: string): boolean {
    return this.find(id) !== undefined || this.#entries.some((entry) => entry.id === id);
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

/** The last lines that together have {@link MAX_PAGE_LENGTH} characters at most, but at least one line. */
export function withinLength(lines: readonly Line[]): readonly Line[] {
  let length = 0;
  const from = lines.findLastIndex((line) => (length += line.length) > MAX_PAGE_LENGTH);
  return lines.slice(Math.min(from + 1, lines.length - 1));
}
