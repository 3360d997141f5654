/** The history of all rooms: what was lately committed from memory, the rest from the archive. */
import type { Archive } from "./archive.ts";
import { eventOf, idIn, isDeleted, type Line, seqIn, stampIn } from "./message.ts";

/** A stretch of a room's history, oldest first. */
export interface Stretch {
  readonly lines: readonly Line[];
  /** Whether there are messages beyond it in the direction of reading. */
  readonly more: boolean;
}

/** How far somebody is who reads everything since a message. */
export interface Cursor {
  /** The message. An id that isn't there counts as its place. */
  readonly id: string;
  /** Everything up to this `seq` has been read; `""`: nothing. */
  seen: string;
}

interface Identified {
  readonly id: string;
}

/** The newest lines of a room, without a gap up to its last message. */
interface Tail {
  lines: Line[];
  /** Every line of the room whose `seq` isn't below this is in `lines`; `""`: all are. */
  floor: string;
  /** While above 0, {@link KEPT_LINES} stay in memory. */
  holders: number;
  loading: Promise<void> | undefined;
}

/** Lines of a held room that stay in memory though they are archived. */
const KEPT_LINES = 256;
/** The most lines in one stretch: the wire format's limit for a `history` request. */
export const MAX_STRETCH = 200;
/** Characters in one stretch, so that nobody can have much of memory filled with answers that they don't read. */
const MAX_STRETCH_LENGTH = 256_000;
/** What a member gets who didn't ask for another number. */
export const DEFAULT_STRETCH = 50;

export class History {
  readonly #archive: Archive;
  readonly #tails = new Map<string, Tail>();
  /** Batches up to this versionstamp are in the sheet. */
  #recordedUpTo = "";
  /** Messages that the sheet refused for good. */
  readonly #refused = new Set<string>();
  /** How often something was changed that had been said. */
  #revisions = 0;

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  /** Adds what was just committed; must be called in the order of commits. */
  append(room: string, line: Line): void {
    this.#tail(room).lines.push(line);
  }

  /**
   * All batches up to this versionstamp are settled: their messages are in the sheet, except for those that it
   * refused, now or before.
   */
  markRecorded(versionstamp: string, recorded: Iterable<Identified>, refused: Iterable<Identified>): void {
    if (versionstamp > this.#recordedUpTo) this.#recordedUpTo = versionstamp;
    if (this.#refused.size) { for (const { id } of recorded) this.#refused.delete(id); }
    for (const { id } of refused) this.#refused.add(id);
  }

  /** Forgets what the archive has and nobody holds. */
  trim(): void {
    for (const [room, tail] of this.#tails) {
      const archived = tail.lines.findIndex((line) => stampIn(line) > this.#archive.position);
      const surplus = Math.min(
        archived < 0 ? tail.lines.length : archived,
        tail.holders ? tail.lines.length - KEPT_LINES : tail.lines.length,
      );
      if (surplus === tail.lines.length) this.#tails.delete(room);
      else if (surplus > 0) {
        tail.lines = tail.lines.slice(surplus);
        tail.floor = seqIn(tail.lines[0]);
      }
    }
  }

  /** Changes what memory has of a room like its archive was changed, see `Archive.revise`. */
  revise(room: string, change: (line: Line) => Line | undefined): void {
    this.#revisions++;
    const tail = this.#tails.get(room);
    if (tail) tail.lines = tail.lines.map(change).filter((line) => line !== undefined);
  }

  /** The rooms that memory has something of. */
  get rooms(): string[] {
    return [...this.#tails.keys()];
  }

  /** Keeps the room's newest messages in memory, and reads them if they aren't there; until released. */
  async hold(room: string): Promise<void> {
    const tail = this.#tail(room);
    tail.holders++;
    if (isShort(tail)) {
      await (tail.loading ??= this.#load(room, tail).finally(() => tail.loading = undefined));
    }
  }

  /** Ends one {@link hold}. */
  release(room: string): void {
    this.#tail(room).holders--;
  }

  /** The newest messages of a held room, up to {@link DEFAULT_STRETCH}, from memory, as {@link rest} is. */
  latest(room: string): Stretch {
    const { lines, floor } = this.#tail(room);
    const wanted = withinLength(lines.slice(-DEFAULT_STRETCH));
    return { lines: wanted, more: lines.length > wanted.length || floor !== "" };
  }

  /** The last `limit` messages before the message `id`, or of all. An id that isn't there counts as its place. */
  async before(room: string, id: string | undefined, limit: number): Promise<Stretch> {
    const tail = this.#tail(room);
    tail.holders++;
    try {
      let floor: string;
      let older: readonly Line[];
      let more: boolean;
      do {
        floor = tail.floor;
        ({ lines: older, more } = await this.#older(room, tail, id, limit));
        // Memory may have dropped lines meanwhile that stand only in the archive now.
      } while (floor !== tail.floor);
      const end = id === undefined ? -1 : tail.lines.findIndex((line) => idIn(line) >= id);
      const newer = end < 0 ? tail.lines : tail.lines.slice(0, end);
      const lines = [...older, ...newer];
      const wanted = withinLength(lines.slice(-limit));
      return { lines: wanted, more: more || lines.length > wanted.length };
    } finally {
      tail.holders--;
    }
  }

  /**
   * What memory has of a held room behind the cursor, and with it everything up to the last message; `undefined` when
   * the archive has to be read first. Who is sent this and becomes a member without an `await` in between neither
   * misses a message nor gets one twice.
   */
  rest(room: string, { id, seen }: Cursor): Stretch | undefined {
    const { lines, floor } = this.#tail(room);
    const known = seen ? -1 : lines.findLastIndex((line) => idIn(line) === id);
    if (known >= 0) return { lines: lines.slice(known + 1), more: false };
    return seen < floor ? undefined : { lines: restOf(lines, { id, seen }), more: false };
  }

  /** Reads the archive behind the cursor, in stretches, and moves the cursor to its end. */
  async *archived(room: string, cursor: Cursor): AsyncGenerator<Stretch> {
    const end = `${this.#archive.position}~`;
    for await (const page of this.#archive.pagesFrom(room, cursor.id)) {
      const lines = restOf(page, cursor);
      for (let i = 0; i < lines.length; i += MAX_STRETCH) {
        yield { lines: lines.slice(i, i + MAX_STRETCH), more: true };
      }
      if (lines.length) cursor.seen = seqIn(lines[lines.length - 1]);
    }
    // While it was read, the archive may have moved on, but not back.
    if (cursor.seen < end) cursor.seen = end;
  }

  /** The `history` frame of a stretch. */
  frame(stretch: Stretch): string {
    return `{"type":"history",${this.json(stretch)}}`;
  }

  /** The fields of a `history` frame: each message says whether it stands in the sheet. */
  json({ lines, more }: Stretch): string {
    const events = lines.map((line) => eventOf(line, this.#mark(line)));
    return `"messages":[${events.join(",")}],"more":${more}`;
  }

  #mark(line: Line): string {
    const deleted = isDeleted(line) ? `"deleted":true,` : "";
    if (stampIn(line) > this.#recordedUpTo) return deleted;
    return deleted + (this.#refused.has(idIn(line)) ? `"not_recorded":true,` : `"recorded":true,`);
  }

  #tail(room: string): Tail {
    let tail = this.#tails.get(room);
    if (!tail) {
      // What was committed before is archived: otherwise its tail would still be here.
      const { position } = this.#archive;
      tail = { lines: [], floor: position && `${position}~`, holders: 0, loading: undefined };
      this.#tails.set(room, tail);
    }
    return tail;
  }

  async #load(room: string, tail: Tail): Promise<void> {
    let floor: string;
    let revisions: number;
    let lines: readonly Line[];
    let more: boolean;
    do {
      ({ floor } = tail);
      revisions = this.#revisions;
      ({ lines, more } = await this.#older(room, tail, undefined, DEFAULT_STRETCH));
      // What was read before a revision must not stay.
    } while (revisions !== this.#revisions);
    // So many came meanwhile that memory has dropped some: then it has enough.
    if (tail.floor !== floor) return;
    tail.lines = [...lines, ...tail.lines];
    tail.floor = more ? seqIn(tail.lines[0]) : "";
  }

  /** Lines that memory doesn't have, so many that with those in memory before `id` there are `wanted`. */
  async #older(room: string, tail: Tail, id: string | undefined, wanted: number): Promise<Stretch> {
    const inMemory = id === undefined
      ? tail.lines.length
      : tail.lines.filter((line) => idIn(line) < id).length;
    const missing = wanted - inMemory;
    if (missing < 0 || tail.floor === "") return { lines: [], more: tail.floor !== "" };
    const { floor } = tail;
    let lines: Line[] = [];
    for await (const page of this.#archive.pagesBefore(room, id)) {
      const older = page.filter((line) => seqIn(line) < floor && (id === undefined || idIn(line) < id));
      lines = [...older, ...lines];
      if (lines.length > missing) return { lines: lines.slice(lines.length - missing), more: true };
    }
    return { lines, more: false };
  }
}

/** The last lines that together aren't longer than {@link MAX_STRETCH_LENGTH}, but one at least. */
function withinLength(lines: readonly Line[]): readonly Line[] {
  let length = 0;
  const from = lines.findLastIndex((line) => (length += line.length) > MAX_STRETCH_LENGTH);
  return lines.slice(Math.min(from + 1, lines.length - 1));
}

/** Whether a first stretch has to be completed from the archive. */
function isShort(tail: Tail): boolean {
  return tail.floor !== "" && tail.lines.length <= DEFAULT_STRETCH;
}

/** The lines behind the cursor. */
function restOf(lines: readonly Line[], { id, seen }: Cursor): readonly Line[] {
  if (seen) return lines.filter((line) => seqIn(line) > seen);
  const at = lines.findIndex((line) => idIn(line) === id);
  return at < 0 ? lines.filter((line) => idIn(line) > id) : lines.slice(at + 1);
}
