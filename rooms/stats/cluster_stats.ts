/** The figures of all isolates and machines together, as each of them sees it. */
import type { Figures } from "../cluster/channel.ts";
import type { Isolate, Peers } from "../cluster/peers.ts";
import type { Counters } from "../counters.ts";

/** What {@link ClusterStats} works on. */
export interface ClusterStatsParts {
  readonly peers: Peers;
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
  readonly connections: number;
  readonly usersHere: readonly { readonly id: string }[];
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

/** Time between samples of how many messages there were, in milliseconds. */
const SAMPLE_EVERY_MS = 2_000;
/** The rate of messages is measured over this many samples: over one alone it would flicker. */
const RATE_SAMPLES = 2;
/** Rooms that {@link ClusterStats.rooms} names: the fullest ones. */
const MAX_ROOMS = 200;

/** The figures of all isolates together. */
export class ClusterStats {
  readonly #parts: ClusterStatsParts;
  readonly #startedAt: number;
  /** How many messages there were at the last samples, the oldest first. */
  #samples: { at: number; messages: number }[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(parts: ClusterStatsParts) {
    this.#parts = parts;
    this.#startedAt = parts.now();
    parts.peers.describe(() => this.#figures());
  }

  open(): void {
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** All isolates, this one first. */
  isolates(): Isolate[] {
    return this.#parts.peers.isolates();
  }

  /** How many people are in each room whose name holds `filter` in any case, the fullest first. */
  rooms(filter: string): { room: string; people: number }[] {
    const wanted = filter.normalize("NFC").toLowerCase();
    return Array.from(this.#parts.peers.everywhere(), ([room, { size: people }]) => ({ room, people }))
      .filter(({ room }) => room.toLowerCase().includes(wanted))
      .sort((a, b) => b.people - a.people)
      .slice(0, MAX_ROOMS);
  }

  totals(): Totals {
    const everywhere = this.#parts.peers.everywhere();
    const people = new Set<string>();
    for (const ids of everywhere.values()) for (const id of ids) people.add(id);
    const all = this.isolates().map(({ figures }) => figures);
    const sum = (of: (figures: Figures) => number): number => all.reduce((sum, one) => sum + of(one), 0);
    // Isolates of one process state the same memory.
    const processes = new Map(all.map(({ instance, rssBytes }) => [instance, rssBytes]));
    return {
      people: people.size,
      rooms: everywhere.size,
      connections: sum(({ connections }) => connections),
      messagesPerSecond: sum(({ messagesPerSecond }) => messagesPerSecond),
      rows: sum(({ rows }) => rows),
      errors: sum(({ errors }) => errors),
      rssBytes: processes.values().reduce((sum, bytes) => sum + bytes, 0),
      startedAt: Math.min(...all.map(({ startedAt }) => startedAt)),
    };
  }

  #figures(): Figures {
    const { counters, instance, isolate, rooms } = this.#parts;
    const { rss, heapUsed } = Deno.memoryUsage();
    const open = [...rooms()].filter(({ connections }) => connections);
    const people = new Set(open.flatMap(({ usersHere }) => usersHere.map(({ id }) => id)));
    const { messages, deliveries, commits, commitMs, rows, errors, refused } = counters;
    return {
      instance,
      isolate,
      startedAt: this.#startedAt,
      connections: open.reduce((sum, { connections }) => sum + connections, 0),
      rooms: open.length,
      people: people.size,
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
    const [from] = this.#samples;
    const ms = from ? this.#parts.now() - from.at : 0;
    return ms > 0 ? (this.#parts.counters.messages - from.messages) / ms * 1000 : 0;
  }

  #sample(): void {
    this.#samples.push({ at: this.#parts.now(), messages: this.#parts.counters.messages });
    this.#samples = this.#samples.slice(-RATE_SAMPLES);
  }
}
