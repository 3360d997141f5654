/**
 * The neighbours: the other isolates and machines, and who is in the rooms there.
 *
 * Each tells who comes and goes, and every few seconds that it lives and how often it has told something. So a
 * neighbour that missed a post notices, and asks; and those who were at one that went silent are gone.
 */
import type { PresenceEvents, RemotePresence } from "./presence_events.ts";
import { type Channel, type Post, POST_LENGTH, type Told } from "../cluster/channel.ts";
import type { User } from "../user.ts";

export interface PresenceSyncParts {
  readonly channel: Channel;
  /** The rooms that are open here. */
  readonly rooms: () => Iterable<{ readonly name: string; readonly presence: PresenceEvents }>;
  /** Those by name. */
  readonly room: (name: string) => { readonly presence: PresenceEvents } | undefined;
}

/** What is told within this time goes into one post. */
const GATHER_MS = 20;
export const ALIVE_EVERY_MS = 2_000;
/** A neighbour that was silent for so many times this long is gone: within 30 s, the grace period included. */
const SILENCES = 4;

interface Neighbour {
  count: number;
  silences: number;
}

export class PresenceSync implements RemotePresence {
  readonly #parts: PresenceSyncParts;
  readonly #id = crypto.randomUUID();
  readonly #presenceSync = new Map<string, Neighbour>();
  #count = 0;
  #told: Told[] = [];
  #opened: string[] = [];
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(parts: PresenceSyncParts) {
    this.#parts = parts;
  }

  open(): void {
    this.#look();
    this.#timer = setInterval(() => this.#look(), ALIVE_EVERY_MS);
  }

  /** Tells what is left to tell, and no more. */
  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#gathering);
    this.#flush();
  }

  opened(room: string): void {
    this.#opened.push(room);
    this.#gather();
  }

  came(room: string, user: User): void {
    this.#tell({ kind: "came", room, user });
  }

  went(room: string, user: User): void {
    this.#tell({ kind: "went", room, user });
  }

  typing(room: string, user: User): void {
    this.#parts.channel.post({ type: "typing", room, user });
  }

  /** Asks all who is where: posts may have been lost. */
  ask(): void {
    this.#ask(this.#open(), undefined);
  }

  receive(post: Post): void {
    switch (post.type) {
      case "alive":
        return this.#heard(post.from, post.count);
      case "people":
        this.#neighbour(post.from).count += post.told.length;
        return post.told.forEach((told) => this.#take(post.from, told));
      case "typing":
        return this.#parts.room(post.room)?.presence.typesElsewhere(post.user);
      case "who":
        if (post.to === undefined || post.to === this.#id) post.rooms.forEach((room) => this.#answer(room));
    }
  }

  #take(from: string, told: Told): void {
    const presence = this.#parts.room(told.room)?.presence;
    if (told.kind === "here") presence?.areElsewhere(from, told.users, told);
    else if (told.kind === "came") presence?.cameElsewhere(from, told.user);
    else presence?.wentElsewhere(from, told.user);
  }

  #open(): string[] {
    return Array.from(this.#parts.rooms(), ({ name }) => name);
  }

  #ask(names: readonly string[], to: string | undefined): void {
    for (const rooms of inPosts(names, (name) => name.length)) {
      this.#parts.channel.post({ type: "who", rooms, to });
    }
  }

  #answer(room: string): void {
    const users = this.#parts.room(room)?.presence.usersHere;
    if (!users) return;
    const parts = users.length ? inPosts(users, lengthOf) : [[]];
    for (const [i, users] of parts.entries()) {
      this.#tell({ kind: "here", room, users, isFirst: i === 0, isLast: i === parts.length - 1 });
    }
  }

  #tell(told: Told): void {
    this.#told.push(told);
    this.#gather();
  }

  #gather(): void {
    this.#gathering ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  #flush(): void {
    this.#gathering = undefined;
    for (const told of inPosts(this.#told.splice(0), lengthOfTold)) {
      this.#count += told.length;
      this.#parts.channel.post({ type: "people", from: this.#id, told });
    }
    this.#ask(this.#opened.splice(0), undefined);
  }

  #heard(from: string, count: number): void {
    const isNew = !this.#presenceSync.has(from);
    const neighbour = this.#neighbour(from);
    neighbour.silences = 0;
    if (neighbour.count === count && !isNew) return;
    neighbour.count = count;
    this.#ask(this.#open(), from);
    // One that is new doesn't know of this one either.
    if (isNew) this.#tellAlive();
  }

  #neighbour(id: string): Neighbour {
    let neighbour = this.#presenceSync.get(id);
    if (!neighbour) this.#presenceSync.set(id, neighbour = { count: 0, silences: 0 });
    return neighbour;
  }

  #tellAlive(): void {
    this.#parts.channel.post({ type: "alive", from: this.#id, count: this.#count });
  }

  #look(): void {
    this.#tellAlive();
    for (const [id, neighbour] of this.#presenceSync) {
      if (++neighbour.silences <= SILENCES) continue;
      this.#presenceSync.delete(id);
      for (const { presence } of this.#parts.rooms()) presence.goneElsewhere(id);
    }
  }
}

/** Divides things so that each part fits into a post. */
function inPosts<T>(things: readonly T[], lengthOf: (thing: T) => number): T[][] {
  const posts: T[][] = [];
  let length = Infinity;
  for (const thing of things) {
    if (length > POST_LENGTH) {
      posts.push([]);
      length = 0;
    }
    posts[posts.length - 1].push(thing);
    length += lengthOf(thing);
  }
  return posts;
}

function lengthOf({ name }: User): number {
  return 2 * name.length + 40;
}

function lengthOfTold(told: Told): number {
  return 60 + told.room.length + (told.kind === "here" ? told.users.length * 100 : lengthOf(told.user));
}
