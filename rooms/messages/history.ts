/** The history of all rooms: the newest messages from memory, the rest from the archive. */
import type { Archive } from "./archive.ts";
import type { ArchivePosition } from "./archive_pages.ts";
import { type Entry, entryIn } from "./entries/entry.ts";
import { eventOf, idIn, type Line, seqIn } from "./message.ts";
import { DEFAULT_PAGE, MAX_PAGE } from "../protocol.ts";
import { NO_PINS, type Pins } from "./entries/pins.ts";
import { RecordedMessages } from "./recorded_messages.ts";
import { type HistoryPage, linesFrom, RecentMessages, withinLength } from "./recent_messages.ts";

export type { HistoryPage };

/** How far a reader is who reads everything after some message. */
export interface Cursor {
  /** The key of the archive's page to continue with. */
  page: string;
  /** The id of the message or entry that the reader knows. */
  readonly id: string;
  /** Everything up to this `seq` has been read. */
  seen: string;
}

/** Reads rooms' messages, and says of each whether it is in the sheet. */
export class History {
  readonly #archive: Archive;
  readonly #rooms = new Map<string, RecentMessages>();
  /** Which messages are in the sheet. */
  readonly recorded = new RecordedMessages();
  /** Counts calls of {@link revise}. */
  #revisions = 0;

  /** `archive` has to be open. */
  constructor(archive: Archive) {
    this.#archive = archive;
  }

  /** The rooms that memory has something of. */
  get rooms(): string[] {
    return [...this.#rooms.keys()];
  }

  /** The rooms whose newest messages somebody keeps in memory. */
  held(): string[] {
    return this.rooms.filter((room) => this.isHeld(room));
  }

  /** Whether somebody keeps the room's newest messages in memory. */
  isHeld(room: string): boolean {
    return Boolean(this.#rooms.get(room)?.holders);
  }

  /** Keeps the room's newest messages in memory until {@link release}; reads them when they aren't there. */
  async hold(room: string): Promise<void> {
    const recent = this.#recent(room);
    recent.holders++;
    if (!recent.isShort && recent.pins) return;
    await (recent.loading ??= this.#load(room, recent).finally(() => recent.loading = undefined));
  }

  /** Ends one {@link hold}. */
  release(room: string): void {
    this.#recent(room).holders--;
  }

  /**
   * Adds a committed line, and returns it in its present state; the caller keeps the order of commits. `undefined` when it
   * is already known, because it was read from the archive before.
   */
  append(room: string, line: Line): Line | undefined {
    return this.#recent(room).append(line);
  }

  /** Forgets the rooms that nobody holds: for when commits were missed. */
  forget(): void {
    for (const [room, { holders }] of this.#rooms) if (!holders) this.#rooms.delete(room);
  }

  /** Forgets lines that the archive has and nobody holds. */
  trim(): void {
    for (const [room, recent] of this.#rooms) {
      if (recent.trim(this.#archive.position)) this.#rooms.delete(room);
    }
  }

  /** Changes a room's lines in memory in the same way as `Archive.revise` changed them in its pages. */
  revise(room: string, change: (line: Line) => Line | undefined): void {
    this.#revisions++;
    this.#rooms.get(room)?.revise(change);
  }

  /** Makes a room's lines in memory equal to those in the archive: for when revisions may have been missed. */
  async reread(room: string): Promise<void> {
    const recent = this.#rooms.get(room);
    if (!recent) return;
    await this.#archive.open();
    const { position } = this.#archive;
    const archived = new Map<string, Line>();
    const first = recent.lines.at(0);
    // `seq` without its last digit sorts right before all messages that begin with it.
    const pages = first ? this.#archive.behind(room, seqIn(first).slice(0, -1)) : [];
    for await (const lines of pages) for (const line of lines) archived.set(seqIn(line), line);
    this.#revisions++;
    recent.reread(position, archived);
  }

  /** The messages in memory that would be settled with this versionstamp, see {@link RecordedMessages.markRecorded}. */
  settledBy(versionstamp: string): { room: string; id: string }[] {
    const isDue = this.recorded.dueBy(versionstamp);
    return Array.from(this.#rooms).flatMap(([room, { lines }]) => {
      return lines.filter(isDue).map((line) => ({ room, id: idIn(line) }));
    });
  }

  /** The ids of deleted messages among a room's newest ones in memory. */
  deletedIn(room: string): string[] {
    return this.#recent(room).deleted();
  }

  /** The newest {@link DEFAULT_PAGE} messages of a held room at most, from memory; {@link rest} says how to use it. */
  latest(room: string): HistoryPage {
    const { lines, floor } = this.#recent(room);
    const wanted = withinLength(lines.slice(-DEFAULT_PAGE));
    return { lines: wanted, more: lines.length > wanted.length || floor !== "" };
  }

  /**
   * The last `limit` messages before the message `id`, or of all when it is `undefined`. An unknown id counts as before
   * the first message with a higher one.
   */
  async before(room: string, id: string | undefined, limit: number): Promise<HistoryPage> {
    const recent = this.#recent(room);
    recent.holders++;
    try {
      let older: HistoryPage;
      let floor: string;
      let end: ArchivePosition | undefined;
      do {
        floor = recent.floor;
        end = id === undefined ? undefined : await this.#locate(room, recent, id);
        const newer = recent.lines.length - (end ? linesFrom(recent.lines, end.seq).length : 0);
        older = await this.#older(room, recent, end, limit - newer);
        // Meanwhile memory may have dropped lines, which are only in the archive now.
      } while (floor !== recent.floor);
      const { seq } = end ?? { seq: "~" };
      const lines = [...older.lines, ...recent.lines.filter((line) => line < seq)];
      const wanted = withinLength(lines.slice(-limit));
      return { lines: wanted, more: older.more || lines.length > wanted.length };
    } finally {
      recent.holders--;
    }
  }

  /** Whether the message or entry `id` is in memory. */
  knows(room: string, id: string): boolean {
    return this.#recent(room).knows(id);
  }

  /** The line of a message in its present state, if it is in memory. */
  recentLine(room: string, id: string): Line | undefined {
    return this.#rooms.get(room)?.find(id);
  }

  /** What is in memory of a room: all its lines with the `seq` `floor` or a higher one. */
  span(room: string): Pick<RecentMessages, "lines" | "floor"> {
    return this.#recent(room);
  }

  /** A room's entries in memory, in order, and what is pinned to it while it is held. */
  entries(room: string): { recent: readonly Entry[]; pins: Pins } {
    const { entries, pins = NO_PINS } = this.#recent(room);
    return { recent: entries, pins };
  }

  /** The entries after the cursor, in order; those that come later are delivered to members. */
  async entriesBehind(room: string, { seen, id }: Cursor): Promise<readonly Entry[]> {
    const recent = this.#recent(room);
    const isKnown = seen >= recent.entriesFloor;
    const archived = isKnown ? [] : (await this.#archive.entries.behind(room, seen, id)).map(entryIn);
    // What the archive has by now may be in memory, too.
    const last = archived.at(-1)?.seq ?? seen;
    return [...archived, ...recent.entries.filter(({ seq }) => seq > last)];
  }

  /** The line of a durable message in its present state; `undefined` when the room has no such message. */
  async line(room: string, id: string): Promise<Line | undefined> {
    const known = this.#rooms.get(room)?.find(id);
    if (known !== undefined) return known;
    const line = await this.#archive.line(room, id);
    return line && this.#recent(room).revision(line);
  }

  /** The `seq` of a durable message or entry; `undefined` when the room has no such one. */
  async find(room: string, id: string): Promise<string | undefined> {
    const { seq, isThere } = await this.#locate(room, this.#recent(room), id);
    return isThere ? seq : await this.#entrySeq(room, id);
  }

  /** A cursor after the message or entry `id` of a held room; an unknown id counts as in {@link before}. */
  async behind(room: string, id: string): Promise<Cursor> {
    const { page, seq, isThere } = await this.#locate(room, this.#recent(room), id);
    if (isThere) return { page, id, seen: `${seq}~` };
    const entry = await this.#entrySeq(room, id);
    if (entry === undefined) return { page, id, seen: seq };
    return { page: await this.#archive.pageOf(room, entry), id, seen: `${entry}~` };
  }

  /**
   * Everything after the cursor up to the room's last message, from memory; `undefined` when the archive has to be read
   * first. A caller that sends this to a connection and makes it a member without an `await` in between neither misses
   * a message nor sends one twice.
   */
  rest(room: string, { seen }: Cursor): HistoryPage | undefined {
    const { lines, floor } = this.#recent(room);
    return seen < floor ? undefined : { lines: linesFrom(lines, seen), more: false };
  }

  /** Reads the archive from the cursor on, at most {@link MAX_PAGE} messages at a time, and advances the cursor. */
  async *archived(room: string, cursor: Cursor): AsyncGenerator<HistoryPage> {
    const { lines: known, floor, revision } = this.#recent(room);
    // Another process may have archived messages that are yet to be delivered here: all members get those then.
    const last = known.at(-1) ?? floor;
    for await (const page of this.#archive.pagesFrom(room, cursor.page)) {
      const lines = linesFrom(page, cursor.seen).filter((line) => line <= last).map(revision);
      for (let i = 0; i < lines.length; i += MAX_PAGE) {
        yield { lines: lines.slice(i, i + MAX_PAGE), more: true };
      }
      if (lines.length) cursor.seen = `${seqIn(lines[lines.length - 1])}~`;
    }
    // The rest is in memory, unless memory has dropped it meanwhile.
    if (cursor.seen < floor) cursor.seen = floor;
  }

  /** The `history` frame of a page for the person `reader`; `changes` are frames of what was done to earlier messages. */
  frame(page: HistoryPage, reader?: string, changes: readonly string[] = []): string {
    const last = changes.length ? `,"changes":[${changes.join(",")}]` : "";
    return `{"type":"history",${this.json(page, reader)}${last}}`;
  }

  /** The fields of a page's `history` frame, without braces; each message says whether it is in the sheet. */
  json({ lines, more }: HistoryPage, reader?: string): string {
    const events = lines.map((line) => eventOf(line, this.recorded.fieldsOf(line), reader));
    return `"messages":[${events.join(",")}],"more":${more}`;
  }

  async #entrySeq(room: string, id: string): Promise<string | undefined> {
    const known = this.#recent(room).entries.find((entry) => entry.id === id);
    return known?.seq ?? await this.#archive.entries.find(room, id);
  }

  #recent(room: string): RecentMessages {
    let recent = this.#rooms.get(room);
    if (!recent) this.#rooms.set(room, recent = new RecentMessages(this.#archive.position));
    return recent;
  }

  /** Locates the message `id` in memory or in the archive. */
  async #locate(room: string, recent: RecentMessages, id: string): Promise<ArchivePosition> {
    const line = recent.find(id);
    if (line) return { page: "", seq: seqIn(line), isThere: true };
    const { lines, floor } = recent;
    const position = await this.#archive.locate(room, id);
    if (position.isThere || position.seq < floor) return position;
    // The archive has neither the message nor a later one: it belongs among those in memory, or after all.
    const above = lines.find((line) => idIn(line) > id);
    return { ...position, seq: above ? seqIn(above) : "~" };
  }

  async #load(room: string, recent: RecentMessages): Promise<void> {
    let floor: string;
    let revisions: number;
    let older: HistoryPage;
    do {
      [floor, revisions] = [recent.floor, this.#revisions];
      recent.readPins(await this.#archive.entries.pins(room));
      older = await this.#older(room, recent, undefined, DEFAULT_PAGE - recent.lines.length);
      // Lines read before a revision must not stay.
    } while (revisions !== this.#revisions);
    // When memory has dropped lines meanwhile, it had more than a first page.
    if (recent.floor === floor) recent.prepend(older.lines, older.more);
  }

  /** The last `missing` lines that memory doesn't have, before the position `end`. */
  async #older(
    room: string,
    recent: RecentMessages,
    end: ArchivePosition | undefined,
    missing: number,
  ): Promise<HistoryPage> {
    const { floor } = recent;
    if (missing < 0 || floor === "") return { lines: [], more: floor !== "" };
    const isInMemory = !end || end.seq >= floor;
    let lines: Line[] = [];
    for await (const page of this.#archive.pagesUpTo(room, isInMemory ? undefined : end.page)) {
      const older = page.filter((line) => line < floor && (!end || line < end.seq)).map(recent.revision);
      lines = [...older, ...lines];
      if (lines.length > missing) return { lines: lines.slice(lines.length - missing), more: true };
    }
    return { lines, more: false };
  }
}
