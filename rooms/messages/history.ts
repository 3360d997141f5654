/** The history of all rooms: what was lately committed from memory, the rest from the archive. */
import type { Archive, ArchivePosition } from "./archive.ts";
import { eventOf, idIn, isDeleted, type Line, seqIn, stampIn } from "./message.ts";
import { DEFAULT_PAGE, MAX_PAGE } from "../protocol.ts";

/** A stretch of a room's history, oldest first. */
export interface HistoryPage {
  readonly lines: readonly Line[];
  /** Whether there are messages beyond it in the direction of reading. */
  readonly more: boolean;
}

/** How far somebody is who reads everything since a message. */
export interface Cursor {
  /** The page to go on from. */
  page: string;
  /** Everything up to this `seq` has been read. */
  seen: string;
}

interface Identified {
  readonly id: string;
}

/** The newest lines of a room, without a gap up to its last message. */
interface RecentMessages {
  lines: Line[];
  /** Every line of the room whose `seq` isn't below this is in `lines`; `""`: all are. */
  floor: string;
  /** While above 0, {@link KEPT_LINES} stay in memory. */
  holders: number;
  loading: Promise<void> | undefined;
}

/** Lines of a held room that stay in memory though they are archived. */
const KEPT_LINES = 256;
/** Characters in one stretch, so that nobody can have much of memory filled with answers that they don't read. */
const MAX_STRETCH_LENGTH = 256_000;

export class History {
  readonly #archive: Archive;
  readonly #rooms = new Map<string, RecentMessages>();
  /** Batches up to this versionstamp are in the sheet. */
  #recordedUpTo = "";
  /** Messages that the sheet refused for good. */
  readonly #refused = new Set<string>();
  /** How often something was changed that had been said. */
  #revisions = 0;

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  /**
   * Adds what was just committed; must be called in the order of commits. Answers false for what is known already: it
   * was read from the archive before it came this way.
   */
  append(room: string, line: Line): boolean {
    const { lines, floor } = this.#recent(room);
    // A line begins with its `seq`; behind that a deleted message's differs from the one that was committed.
    if (lines.length ? seqIn(line) <= seqIn(lines[lines.length - 1]) : line < floor) return false;
    lines.push(line);
    return true;
  }

  /** The rooms whose newest messages are kept in memory. */
  held(): string[] {
    return this.rooms.filter((room) => this.isHeld(room));
  }

  /** What the archive has of a room behind this `seq`, to be appended: for when commits were missed. */
  missed(room: string, seq: string): AsyncGenerator<Line[]> {
    return this.#archive.behind(room, seq);
  }

  /** Forgets the rooms that nobody holds, because commits were missed. */
  forget(): void {
    for (const [room, { holders }] of this.#rooms) if (!holders) this.#rooms.delete(room);
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

  /** The messages in memory that are settled by this versionstamp, and not known to be. */
  settledBy(versionstamp: string): { room: string; id: string }[] {
    const before = this.#recordedUpTo;
    if (versionstamp <= before) return [];
    const isDue = (line: Line): boolean => line > (before && `${before}~`) && line < `${versionstamp}~`;
    return Array.from(this.#rooms).flatMap(([room, { lines }]) => {
      return lines.filter(isDue).map((line) => ({ room, id: idIn(line) }));
    });
  }

  /** Forgets what the archive has and nobody holds. */
  trim(): void {
    for (const [room, recent] of this.#rooms) {
      const archived = recent.lines.findIndex((line) => stampIn(line) > this.#archive.position);
      const surplus = Math.min(
        archived < 0 ? recent.lines.length : archived,
        recent.holders ? recent.lines.length - KEPT_LINES : recent.lines.length,
      );
      if (surplus === recent.lines.length) this.#rooms.delete(room);
      else if (surplus > 0) {
        recent.lines = recent.lines.slice(surplus);
        recent.floor = seqIn(recent.lines[0]);
      }
    }
  }

  /** Changes what memory has of a room like its archive was changed, see `Archive.revise`. */
  revise(room: string, change: (line: Line) => Line | undefined): void {
    this.#revisions++;
    const recent = this.#rooms.get(room);
    if (!recent) return;
    const last = recent.lines.at(-1);
    recent.lines = recent.lines.map(change).filter((line) => line !== undefined);
    // What was taken out must not be taken for new when it comes again.
    if (last && !recent.lines.length) recent.floor = `${seqIn(last)}~`;
  }

  /** Makes what memory has of a room what its archive is, for when revisions may have been missed. */
  async reread(room: string): Promise<void> {
    const recent = this.#rooms.get(room);
    if (!recent) return;
    await this.#archive.open();
    const { position } = this.#archive;
    const archived = new Map<string, Line>();
    const first = recent.lines.at(0);
    // A `seq` without its last digit stands right before the commit's messages that begin alike.
    const pages = first ? this.#archive.behind(room, seqIn(first).slice(0, -1)) : [];
    for await (const lines of pages) for (const line of lines) archived.set(seqIn(line), line);
    // What isn't archived can't have been revised.
    this.revise(room, (line) => stampIn(line) > position ? line : archived.get(seqIn(line)));
  }

  /** Whether the room's newest messages are kept in memory. */
  isHeld(room: string): boolean {
    return Boolean(this.#rooms.get(room)?.holders);
  }

  /** The ids of those of a room's newest messages that are deleted, as far as memory has them. */
  deletedIn(room: string): string[] {
    return this.#recent(room).lines.slice(-KEPT_LINES).filter(isDeleted).map(idIn);
  }

  /** The newest `count` lines of a room that the archive has, in no order. */
  async newest(room: string, count: number): Promise<Line[]> {
    const newest: Line[] = [];
    for await (const lines of this.#archive.pagesUpTo(room, undefined)) {
      newest.push(...lines.slice(-(count - newest.length)));
      if (newest.length >= count) break;
    }
    return newest;
  }

  /** The rooms that memory has something of. */
  get rooms(): string[] {
    return [...this.#rooms.keys()];
  }

  /** Keeps the room's newest messages in memory, and reads them if they aren't there; until released. */
  async hold(room: string): Promise<void> {
    const recent = this.#recent(room);
    recent.holders++;
    if (isShort(recent)) {
      await (recent.loading ??= this.#load(room, recent).finally(() => recent.loading = undefined));
    }
  }

  /** Ends one {@link hold}. */
  release(room: string): void {
    this.#recent(room).holders--;
  }

  /** The newest messages of a held room, up to {@link DEFAULT_PAGE}, from memory, as {@link rest} is. */
  latest(room: string): HistoryPage {
    const { lines, floor } = this.#recent(room);
    const wanted = withinLength(lines.slice(-DEFAULT_PAGE));
    return { lines: wanted, more: lines.length > wanted.length || floor !== "" };
  }

  /** The last `limit` messages before the message `id`, or of all. An id that isn't there counts as its place. */
  async before(room: string, id: string | undefined, limit: number): Promise<HistoryPage> {
    const recent = this.#recent(room);
    recent.holders++;
    try {
      let older: HistoryPage;
      let floor: string;
      let end: ArchivePosition | undefined;
      do {
        floor = recent.floor;
        end = id === undefined ? undefined : await this.#place(room, recent, id);
        const newer = recent.lines.length - (end ? linesFrom(recent.lines, end.seq).length : 0);
        older = await this.#older(room, recent, end, limit - newer);
        // Memory may have dropped lines meanwhile that stand only in the archive now.
      } while (floor !== recent.floor);
      const { seq } = end ?? { seq: "~" };
      const lines = [...older.lines, ...recent.lines.filter((line) => line < seq)];
      const wanted = withinLength(lines.slice(-limit));
      return { lines: wanted, more: older.more || lines.length > wanted.length };
    } finally {
      recent.holders--;
    }
  }

  /** Whether the message `id` is in memory. */
  knows(room: string, id: string): boolean {
    return this.#recent(room).lines.findLast((line) => idIn(line) === id) !== undefined;
  }

  /** A message that is durable; `undefined` when it isn't there. */
  async line(room: string, id: string): Promise<Line | undefined> {
    const isIt = (line: Line): boolean => idIn(line) === id;
    const known = this.#rooms.get(room)?.lines.findLast(isIt);
    if (known !== undefined) return known;
    const { page, isThere } = await this.#archive.place(room, id);
    if (!isThere) return undefined;
    const { value: lines = [] } = await this.#archive.pagesUpTo(room, page).next();
    return lines.find(isIt);
  }

  /** The `seq` of a message that is durable; `undefined` when it isn't. */
  async find(room: string, id: string): Promise<string | undefined> {
    const { seq, isThere } = await this.#place(room, this.#recent(room), id);
    return isThere ? seq : undefined;
  }

  /** A cursor behind the message `id` of a held room. An id that isn't there counts as its place. */
  async behind(room: string, id: string): Promise<Cursor> {
    const { page, seq, isThere } = await this.#place(room, this.#recent(room), id);
    return { page, seen: isThere ? `${seq}~` : seq };
  }

  /**
   * What memory has of a held room behind the cursor, and with it everything up to the last message; `undefined` when
   * the archive has to be read first. Who is sent this and becomes a member without an `await` in between neither
   * misses a message nor gets one twice.
   */
  rest(room: string, { seen }: Cursor): HistoryPage | undefined {
    const { lines, floor } = this.#recent(room);
    return seen < floor ? undefined : { lines: linesFrom(lines, seen), more: false };
  }

  /** Reads the archive behind the cursor, in stretches, and moves the cursor to its end. */
  async *archived(room: string, cursor: Cursor): AsyncGenerator<HistoryPage> {
    const { lines: known, floor } = this.#recent(room);
    // Another process may have archived what has yet to come this way, and will then be sent to all.
    const last = known.length ? known[known.length - 1] : floor;
    for await (const page of this.#archive.pagesFrom(room, cursor.page)) {
      const lines = linesFrom(page, cursor.seen).filter((line) => line <= last);
      for (let i = 0; i < lines.length; i += MAX_PAGE) {
        yield { lines: lines.slice(i, i + MAX_PAGE), more: true };
      }
      if (lines.length) cursor.seen = `${seqIn(lines[lines.length - 1])}~`;
    }
    // What comes from there on is in memory, if memory hasn't dropped it meanwhile.
    if (cursor.seen < floor) cursor.seen = floor;
  }

  /** The `history` frame of a stretch. */
  frame(stretch: HistoryPage): string {
    return `{"type":"history",${this.json(stretch)}}`;
  }

  /** The fields of a `history` frame: each message says whether it stands in the sheet. */
  json({ lines, more }: HistoryPage): string {
    const events = lines.map((line) => eventOf(line, this.#mark(line)));
    return `"messages":[${events.join(",")}],"more":${more}`;
  }

  #mark(line: Line): string {
    const deleted = isDeleted(line) ? `"deleted":true,` : "";
    if (stampIn(line) > this.#recordedUpTo) return deleted;
    return deleted + (this.#refused.has(idIn(line)) ? `"not_recorded":true,` : `"recorded":true,`);
  }

  #recent(room: string): RecentMessages {
    let recent = this.#rooms.get(room);
    if (!recent) {
      // What was committed before is archived: otherwise its tail would still be here.
      const { position } = this.#archive;
      recent = { lines: [], floor: position && `${position}~`, holders: 0, loading: undefined };
      this.#rooms.set(room, recent);
    }
    return recent;
  }

  /** Where the message `id` stands, in memory or in the archive. */
  async #place(room: string, { lines, floor }: RecentMessages, id: string): Promise<ArchivePosition> {
    const line = lines.findLast((line) => idIn(line) === id);
    if (line) return { page: "", seq: seqIn(line), isThere: true };
    const place = await this.#archive.place(room, id);
    if (place.isThere || place.seq < floor) return place;
    // Neither is it there nor one behind it: its place is in memory, or behind everything.
    const above = lines.find((line) => idIn(line) > id);
    return { ...place, seq: above ? seqIn(above) : "~" };
  }

  async #load(room: string, recent: RecentMessages): Promise<void> {
    let floor: string;
    let revisions: number;
    let lines: readonly Line[];
    let more: boolean;
    do {
      ({ floor } = recent);
      revisions = this.#revisions;
      ({ lines, more } = await this.#older(room, recent, undefined, DEFAULT_PAGE - recent.lines.length));
      // What was read before a revision must not stay.
    } while (revisions !== this.#revisions);
    // So many came meanwhile that memory has dropped some: then it has enough.
    if (recent.floor !== floor) return;
    recent.lines = [...lines, ...recent.lines];
    recent.floor = more ? seqIn(recent.lines[0]) : "";
  }

  /** The last `missing` lines that memory doesn't have, before a place. */
  async #older(
    room: string,
    recent: RecentMessages,
    end: ArchivePosition | undefined,
    missing: number,
  ): Promise<HistoryPage> {
    if (missing < 0 || recent.floor === "") return { lines: [], more: recent.floor !== "" };
    const { floor } = recent;
    const isInMemory = !end || end.seq >= floor;
    let lines: Line[] = [];
    for await (const page of this.#archive.pagesUpTo(room, isInMemory ? undefined : end.page)) {
      const older = page.filter((line) => line < floor && (!end || line < end.seq));
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
function isShort(recent: RecentMessages): boolean {
  return recent.floor !== "" && recent.lines.length <= DEFAULT_PAGE;
}

/** The lines from this `seq` on. */
function linesFrom(lines: readonly Line[], seq: string): readonly Line[] {
  const at = lines.findIndex((line) => line >= seq);
  return at < 0 ? [] : lines.slice(at);
}
