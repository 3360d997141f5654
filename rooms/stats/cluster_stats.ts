/**
 * The overview: how all isolates and machines are doing, as each of them sees it.
 *
 * Every few seconds each tells its figures, and by marks who and what is there, so that somebody who is at two of them
 * counts once. One that has said nothing for some time is gone, and one that stops says so.
 */
import type { Channel, Figures, Post } from "../cluster/channel.ts";
import type { User } from "../user.ts";
import type { Counters } from "../counters.ts";
import { DistinctSample, sampleKeyOf, samplePartsOf } from "./distinct_sample.ts";

export interface ClusterStatsParts {
  /** Missing when there is nobody else. */
  readonly channel: Channel | undefined;
  /** The rooms that are open here. */
  readonly rooms: () => Iterable<OpenRoom>;
  readonly counters: Counters;
  readonly now: () => number;
  /** What isolates of one process have in common. */
  readonly instance: string;
  /** The number of this one there, from 0. */
  readonly isolate: number;
}

interface OpenRoom {
  readonly name: string;
  readonly connections: number;
  readonly presence: { readonly usersHere: readonly User[] };
}

/** An isolate that lives. */
export interface Isolate {
  readonly id: string;
  readonly figures: Figures;
}

/** Of all isolates together. */
export interface Totals {
  /** Each person and each room counts once. */
  readonly people: number;
  readonly rooms: number;
  readonly connections: number;
  readonly messagesPerSecond: number;
  readonly rows: number;
  readonly errors: number;
  /** Of all processes. */
  readonly rssBytes: number;
  /** Since when the oldest of them has been running, in milliseconds since the epoch. */
  readonly startedAt: number;
}

/** What another isolate has told of itself. */
interface Neighbour {
  figures: Figures | undefined;
  readonly people: DistinctSample;
  readonly rooms: DistinctSample;
  silences: number;
}

export const TELL_EVERY_MS = 2_000;
/** One that was silent for so many times this long is gone. */
const SILENCES = 3;
/** How many times back the rate of messages is measured from: over one time alone it would flicker. */
const RATE_TIMES = 2;
/** A roll of more marks is told only each so many times. */
const LONG_ROLL = 1_000;
const LONG_ROLL_TIMES = 4;

export class ClusterStats {
  readonly id = crypto.randomUUID();
  readonly #parts: ClusterStatsParts;
  readonly #startedAt: number;
  readonly #others = new Map<string, Neighbour>();
  /** How many messages there were at the last times, the oldest first. */
  #past: { at: number; messages: number }[] = [];
  #times = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;

  constructor(parts: ClusterStatsParts) {
    this.#parts = parts;
    this.#startedAt = parts.now();
  }

  open(): void {
    this.#look();
    this.#timer = setInterval(() => this.#look(), TELL_EVERY_MS);
  }

  /** Says that it stops, and nothing after that. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#parts.channel?.post({ type: "gone", from: this.id });
  }

  receive(post: Post): void {
    switch (post.type) {
      case "figures": {
        const isNew = !this.#others.has(post.from);
        const other = this.#other(post.from);
        other.figures = post.figures;
        other.silences = 0;
        // It doesn't know of this one either.
        if (isNew) this.#tell();
        return;
      }
      case "roll":
        return this.#other(post.from)[post.of].take(post);
      case "gone":
        this.#others.delete(post.from);
    }
  }

  /** The ids of the other isolates. */
  get others(): string[] {
    return [...this.#others.keys()];
  }

  /** All isolates, this one first. */
  isolates(): Isolate[] {
    const others = Array.from(this.#others, ([id, { figures }]) => ({ id, figures }));
    const known = others.filter((other): other is Isolate => other.figures !== undefined);
    return [{ id: this.id, figures: this.#figures() }, ...known];
  }

  totals(): Totals {
    const all = this.isolates().map(({ figures }) => figures);
    const sum = (of: (figures: Figures) => number): number => all.reduce((sum, one) => sum + of(one), 0);
    // Isolates of one process state the same memory.
    const processes = new Map(all.map(({ instance, rssBytes }) => [instance, rssBytes]));
    return {
      people: this.#distinct("people"),
      rooms: this.#distinct("rooms"),
      connections: sum(({ connections }) => connections),
      messagesPerSecond: sum(({ messagesPerSecond }) => messagesPerSecond),
      rows: sum(({ rows }) => rows),
      errors: sum(({ errors }) => errors),
      rssBytes: processes.values().reduce((sum, bytes) => sum + bytes, 0),
      startedAt: Math.min(...all.map(({ startedAt }) => startedAt)),
    };
  }

  #distinct(of: "people" | "rooms"): number {
    const here = of === "people" ? this.#people() : this.#rooms();
    if (!this.#others.size) return here.size;
    const marks = new Set(Array.from(here, sampleKeyOf));
    for (const other of this.#others.values()) {
      for (const mark of other[of].marks()) marks.add(mark);
    }
    return marks.size;
  }

  /** The ids of all who are in rooms here. */
  #people(): Set<string> {
    const ids = new Set<string>();
    for (const { presence } of this.#parts.rooms()) {
      for (const { id } of presence.usersHere) ids.add(id);
    }
    return ids;
  }

  /** The names of the rooms that somebody is in here: others are open for a moment longer, or elsewhere. */
  #rooms(): Set<string> {
    const names = new Set<string>();
    for (const { name, connections } of this.#parts.rooms()) if (connections) names.add(name);
    return names;
  }

  #figures(): Figures {
    const { counters, instance, isolate, rooms } = this.#parts;
    const { rss, heapUsed } = Deno.memoryUsage();
    let connections = 0;
    for (const room of rooms()) connections += room.connections;
    const { messages, deliveries, commits, commitMs, rows, errors, refused } = counters;
    return {
      instance,
      isolate,
      startedAt: this.#startedAt,
      connections,
      rooms: this.#rooms().size,
      people: this.#people().size,
      messagesPerSecond: this.#perSecond(),
      messages,
      deliveries,
      commits,
      commitMs,
      rows,
      errors,
      refused: Object.fromEntries(refused),
      heapBytes: heapUsed,
      rssBytes: rss,
    };
  }

  #perSecond(): number {
    const [from] = this.#past;
    const ms = from ? this.#parts.now() - from.at : 0;
    return ms > 0 ? (this.#parts.counters.messages - from.messages) / ms * 1000 : 0;
  }

  #look(): void {
    for (const [id, other] of this.#others) if (++other.silences > SILENCES) this.#others.delete(id);
    this.#tell();
    this.#past.push({ at: this.#parts.now(), messages: this.#parts.counters.messages });
    this.#past = this.#past.slice(-RATE_TIMES);
  }

  #tell(): void {
    const { channel } = this.#parts;
    if (!channel || this.#isClosed) return;
    channel.post({ type: "figures", from: this.id, figures: this.#figures() });
    const [people, rooms] = [this.#people(), this.#rooms()];
    if (people.size + rooms.size > LONG_ROLL && this.#times++ % LONG_ROLL_TIMES) return;
    this.#tellRoll(channel, "people", people);
    this.#tellRoll(channel, "rooms", rooms);
  }

  #tellRoll(channel: Channel, of: "people" | "rooms", names: Iterable<string>): void {
    for (const part of samplePartsOf(names)) channel.post({ type: "roll", from: this.id, of, ...part });
  }

  #other(id: string): Neighbour {
    let other = this.#others.get(id);
    if (!other) {
      other = { figures: undefined, people: new DistinctSample(), rooms: new DistinctSample(), silences: 0 };
      this.#others.set(id, other);
    }
    return other;
  }
}
