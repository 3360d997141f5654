/**
 * The neighbours: the other isolates and machines, and who is in the rooms there.
 *
 * Each tells who comes and goes, and every few seconds that it lives and how often it has told something. So a
 * neighbour that missed a post notices, and asks; and those who were at one that went silent are gone.
 */
import type { Announcer, Elsewhere } from "./announcer.ts";
import { type Channel, type Post, POST_LENGTH } from "./fan_out/channel.ts";
import type { User } from "./user.ts";

export interface NeighboursParts {
  readonly channel: Channel;
  /** The rooms that are open here. */
  readonly rooms: () => Iterable<{ readonly name: string; readonly announcer: Announcer }>;
  /** Those by name. */
  readonly room: (name: string) => { readonly announcer: Announcer } | undefined;
}

export const ALIVE_EVERY_MS = 2_000;
/** A neighbour that was silent for so many times this long is gone: within 30 s, the grace period included. */
const SILENCES = 4;

interface Neighbour {
  count: number;
  silences: number;
}

export class Neighbours implements Elsewhere {
  readonly #parts: NeighboursParts;
  readonly #id = crypto.randomUUID();
  readonly #neighbours = new Map<string, Neighbour>();
  #count = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(parts: NeighboursParts) {
    this.#parts = parts;
  }

  open(): void {
    this.#tellAlive();
    this.#timer = setInterval(() => this.#look(), ALIVE_EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  opened(room: string): void {
    this.#parts.channel.post({ type: "who", rooms: [room] });
  }

  came(room: string, user: User): void {
    this.#tell({ type: "came", from: this.#id, room, user });
  }

  went(room: string, user: User): void {
    this.#tell({ type: "went", from: this.#id, room, user });
  }

  typing(room: string, user: User): void {
    this.#parts.channel.post({ type: "typing", room, user });
  }

  /** Asks who is where: posts may have been lost. */
  ask(): void {
    let rooms: string[] = [];
    let length = 0;
    const post = (): void => {
      if (rooms.length) this.#parts.channel.post({ type: "who", rooms });
      [rooms, length] = [[], 0];
    };
    for (const { name } of this.#parts.rooms()) {
      rooms.push(name);
      if ((length += name.length) > POST_LENGTH) post();
    }
    post();
  }

  receive(post: Post): void {
    const { room } = this.#parts;
    switch (post.type) {
      case "alive":
        return this.#heard(post.from, post.count);
      case "came":
        this.#counted(post.from);
        return room(post.room)?.announcer.cameElsewhere(post.from, post.user);
      case "went":
        this.#counted(post.from);
        return room(post.room)?.announcer.wentElsewhere(post.from, post.user);
      case "here":
        this.#counted(post.from);
        return room(post.room)?.announcer.areElsewhere(post.from, post.users, post);
      case "typing":
        return room(post.room)?.announcer.typesElsewhere(post.user);
      case "who":
        return post.rooms.forEach((name) => this.#answer(name));
    }
  }

  #tell(post: Post): void {
    this.#count++;
    this.#parts.channel.post(post);
  }

  #answer(room: string): void {
    const announcer = this.#parts.room(room)?.announcer;
    if (!announcer) return;
    let users: User[] = [];
    let length = 0;
    let isFirst = true;
    const post = (isLast: boolean): void => {
      this.#tell({ type: "here", from: this.#id, room, users, isFirst, isLast });
      [users, length, isFirst] = [[], 0, false];
    };
    for (const user of announcer.usersHere) {
      users.push(user);
      if ((length += 2 * user.name.length + 40) > POST_LENGTH) post(false);
    }
    post(true);
  }

  #tellAlive(): void {
    this.#parts.channel.post({ type: "alive", from: this.#id, count: this.#count });
  }

  #heard(from: string, count: number): void {
    const neighbour = this.#neighbours.get(from);
    this.#neighbours.set(from, { count, silences: 0 });
    if (neighbour?.count === count) return;
    this.ask();
    // One that is new doesn't know of this one either.
    if (!neighbour) this.#tellAlive();
  }

  #counted(from: string): void {
    const neighbour = this.#neighbours.get(from);
    if (neighbour) neighbour.count++;
  }

  #look(): void {
    this.#tellAlive();
    for (const [id, neighbour] of this.#neighbours) {
      if (++neighbour.silences <= SILENCES) continue;
      this.#neighbours.delete(id);
      for (const { announcer } of this.#parts.rooms()) announcer.goneElsewhere(id);
    }
  }
}
