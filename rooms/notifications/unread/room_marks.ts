/**
 * How far accounts have read, room by room. The rooms of an account are those in which it has a mark.
 *
 * | key | value |
 * | --- | --- |
 * | `["room_mark", account, room, seq]` | a {@link StoredMark}; the highest `seq` of a room counts |
 *
 * A mark only moves forward, and each position is a key of its own. So devices that read at the same time can't undo each
 * other's marks, and no commit has to check anything: a process that finds lower marks removes them.
 */
import type { Clock } from "../../clock.ts";
import { deleteKeys, deletePrefix } from "../../kv/delete_keys.ts";

/** Up to where an account has read in a room. */
export interface RoomMark {
  readonly room: string;
  /** Of the last message read; `""`: the account entered an empty room. */
  readonly seq: string;
  /** The id of that message. */
  readonly id: string;
}

interface StoredMark {
  readonly id: string;
  /** When it was set, in milliseconds since the epoch. */
  readonly at: number;
}

type Moved = RoomMark & { readonly account: string };

const ROOM_MARK = "room_mark";
/** Delay of a write: marks of people who read at the same time share a commit. */
const WRITE_AFTER_MS = 300;
/** Marks in one commit; each takes two of KV's 1,000 mutations. */
const MARKS_PER_COMMIT = 400;
/** The most rooms of one account: with a further one, the room that was read the longest time ago is dropped. */
const MOST_ROOMS = 200;
/** The most marks whose old key is in memory; beyond that, the memory starts empty. */
const REMEMBERED = 20_000;

/** Stores marks, many in one commit. */
export class RoomMarks {
  readonly #kv: Deno.Kv;
  readonly #clock: Pick<Clock, "now">;
  readonly #written: (moved: readonly Moved[]) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  /** Marks to be stored, by account and room. */
  #pending = new Map<string, Moved>();
  /** Those that are being stored. */
  #storing: ReadonlyMap<string, Moved> = new Map();
  /** The `seq` that this process stored last, by account and room. */
  readonly #stored = new Map<string, string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** `written` is called with marks that are stored, `failed` when some could not be: they are stored with the next. */
  constructor(parts: {
    kv: Deno.Kv;
    clock: Pick<Clock, "now">;
    written: (moved: readonly Moved[]) => Promise<void>;
    failed: (error: unknown) => void;
  }) {
    this.#kv = parts.kv;
    this.#clock = parts.clock;
    this.#written = parts.written;
    this.#failed = parts.failed;
  }

  /** The marks of an account, one for each of its rooms. */
  async of(account: string): Promise<RoomMark[]> {
    const marks = new Map<string, RoomMark>();
    const lower: Deno.KvKey[] = [];
    for await (const { key, value } of this.#kv.list<StoredMark>({ prefix: [ROOM_MARK, account] })) {
      const [, , room, seq] = key.map(String);
      const before = marks.get(room);
      if (before) lower.push([ROOM_MARK, account, room, before.seq]);
      // The keys of a room are in the order of `seq`.
      marks.set(room, { room, seq, id: value.id });
    }
    if (lower.length) await deleteKeys(this.#kv, lower);
    for (const map of [this.#storing, this.#pending]) {
      for (const { account: of, ...mark } of map.values()) {
        if (of === account && mark.seq >= (marks.get(mark.room)?.seq ?? "")) marks.set(mark.room, mark);
      }
    }
    return [...marks.values()];
  }

  /** The mark of an account in a room; `undefined` when the room isn't one of its own. */
  async find(account: string, room: string): Promise<RoomMark | undefined> {
    const name = nameOf({ account, room });
    const waiting = this.#pending.get(name) ?? this.#storing.get(name);
    const prefix = [ROOM_MARK, account, room];
    const { value: entry } = await this.#kv.list<StoredMark>({ prefix }, { reverse: true, limit: 1 }).next();
    const seq = entry && String(entry.key[3]);
    if (waiting && waiting.seq >= (seq ?? "")) return waiting;
    return entry && { room, seq: seq ?? "", id: entry.value.id };
  }

  /** Moves a mark forward; it is stored soon. */
  move(account: string, mark: RoomMark): void {
    const moved = { ...mark, account };
    const name = nameOf(moved);
    const waiting = this.#pending.get(name) ?? this.#storing.get(name);
    if (waiting && waiting.seq >= mark.seq) return;
    this.#pending.set(name, moved);
    this.#timer ??= setTimeout(() => void this.settled(), WRITE_AFTER_MS);
  }

  /** Makes a room one of an account's own, read up to `mark`; false when it was already. */
  async enter(account: string, mark: RoomMark): Promise<boolean> {
    if (await this.find(account, mark.room)) return false;
    const at = new Map<string, number>();
    const entries = this.#kv.list<StoredMark>({ prefix: [ROOM_MARK, account] });
    for await (const { key, value } of entries) at.set(String(key[2]), value.at);
    const surplus = [...at].sort(([, a], [, b]) => a - b).slice(0, Math.max(0, at.size + 1 - MOST_ROOMS));
    for (const [room] of surplus) await deletePrefix(this.#kv, [ROOM_MARK, account, room]);
    await this.#kv.set(
      [ROOM_MARK, account, mark.room, mark.seq],
      { id: mark.id, at: this.#clock.now() } satisfies StoredMark,
    );
    return true;
  }

  /** Erases the marks of an account that was deleted. */
  async erase(account: string): Promise<void> {
    await deletePrefix(this.#kv, [ROOM_MARK, account]);
  }

  /** Resolves when everything that moved by now is stored, or could not be. */
  settled(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    if (!this.#pending.size) return;
    const storing = this.#storing = this.#pending;
    this.#pending = new Map();
    try {
      const moved = [...storing.values()];
      for (let i = 0; i < moved.length; i += MARKS_PER_COMMIT) {
        await this.#store(moved.slice(i, i + MARKS_PER_COMMIT));
      }
    } catch (error) {
      for (const [name, moved] of storing) if (!this.#pending.has(name)) this.#pending.set(name, moved);
      this.#failed(error);
    } finally {
      this.#storing = new Map();
    }
  }

  async #store(moved: readonly Moved[]): Promise<void> {
    const commit = this.#kv.atomic();
    const at = this.#clock.now();
    if (this.#stored.size > REMEMBERED) this.#stored.clear();
    for (const { account, room, seq, id } of moved) {
      const name = nameOf({ account, room });
      const before = this.#stored.get(name);
      if (before !== undefined && before < seq) commit.delete([ROOM_MARK, account, room, before]);
      commit.set([ROOM_MARK, account, room, seq], { id, at } satisfies StoredMark);
      this.#stored.set(name, seq);
    }
    await commit.commit();
    await this.#written(moved);
  }
}

/** Neither ids nor names of rooms have a space. */
function nameOf({ account, room }: Pick<Moved, "account" | "room">): string {
  return `${account} ${room}`;
}
