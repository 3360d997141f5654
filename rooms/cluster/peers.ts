/**
 * The registry of peers: which other isolates and machines are alive, the last figures of each, and who is in its rooms.
 *
 * Each posts a heartbeat every {@link HEARTBEAT_MS}: its figures, and the number of changes of people that it has posted.
 * By that number a peer notices that it missed a post, and requests a snapshot. A peer that falls silent is gone, and so
 * are its users.
 */
import { type Channel, type Figures, type PeopleChange, type Post, type RemoteUser } from "./channel.ts";
import { type LocalRoom, remoteUser, snapshotOf, takePost } from "./people_changes.ts";

/** Is notified of users at other isolates. */
export interface PeersListener {
  /** A user has come to a room at another isolate, or has left it there. */
  came(room: string, user: RemoteUser): void;
  /** A user who is in a room at another isolate has another name now. */
  renamed(room: string, user: RemoteUser): void;
  went(room: string, user: RemoteUser): void;
  typing(room: string, user: RemoteUser): void;
}

/** An isolate that is alive. */
export interface Isolate {
  readonly id: string;
  readonly figures: Figures;
}

/** By room, the users who are there, by their ids. */
type People = Map<string, Map<string, RemoteUser>>;

interface Peer {
  figures: Figures | undefined;
  /** Whether a heartbeat has come from it. */
  isKnown: boolean;
  people: People;
  /** The snapshot that is coming in, until its last part. */
  coming: People | undefined;
  /** The changes that came from it. */
  changes: number;
  /** Heartbeats of ours since its last one. */
  silences: number;
}

/** Time between heartbeats, in milliseconds. */
export const HEARTBEAT_MS = 2_000;
/** A peer that missed this many heartbeats is gone. */
const MAX_SILENCES = 4;
/** Changes within this time share one post, in milliseconds. */
const GATHER_MS = 20;
/** Posts that go out at once: a BroadcastChannel drops what comes while 256 wait (measured). */
const MAX_POSTS_AT_ONCE = 50;

/** The registry of the other isolates and machines. */
export class Peers {
  readonly name = "peers";
  readonly id: string = crypto.randomUUID();
  readonly #channel: Channel | undefined;
  readonly #peers = new Map<string, Peer>();
  #listener: PeersListener = { came() {}, renamed() {}, went() {}, typing() {} };
  #rooms: () => Iterable<LocalRoom> = () => [];
  #figures: () => Figures | undefined = () => undefined;
  /** Changes that are to be posted, in order. */
  #unsent: PeopleChange[] = [];
  /** The changes posted so far. */
  #sent = 0;
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isSnapshotDue = false;

  /** Without a channel there are no other isolates. */
  constructor(channel: Channel | undefined) {
    this.#channel = channel;
  }

  /** Sends `figures` of this isolate with each heartbeat. */
  describe(figures: () => Figures): void {
    this.#figures = figures;
  }

  /** Posts who is in these rooms, and notifies the listener of users elsewhere. */
  serve(rooms: () => Iterable<LocalRoom>, listener: PeersListener): void {
    this.#rooms = rooms;
    this.#listener = listener;
  }

  start(): void {
    if (!this.#channel) return;
    this.resync();
    this.#beat();
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT_MS);
  }

  /** Posts that this isolate stops. */
  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#gathering);
    this.#channel?.post({ type: "gone", from: this.id });
  }

  /** Posts may have been lost: requests everybody's snapshot. */
  resync(): void {
    this.#channel?.post({ type: "who", from: this.id });
  }

  receive(post: Post): void {
    switch (post.type) {
      case "peer":
        return this.#heartbeat(post);
      case "people":
        return post.changes.forEach((change) => this.#take(this.#peer(post.from), change));
      case "typing":
        return this.#listener.typing(post.room, post.user);
      case "who":
        if (post.to !== undefined && post.to !== this.id) return;
        this.#isSnapshotDue = true;
        return this.#gather();
      case "gone":
        return this.#forget(post.from);
    }
  }

  /** A user's first connection to a room here has opened. */
  came(room: string, user: RemoteUser): void {
    this.#post({ kind: "came", room, user: remoteUser(user) });
  }

  /** A user's last connection to a room here has closed. */
  went(room: string, user: RemoteUser): void {
    this.#post({ kind: "went", room, user: remoteUser(user) });
  }

  typing(room: string, user: RemoteUser): void {
    this.#channel?.post({ type: "typing", room, user });
  }

  /** Who is in a room at other isolates; a user who is at two of them comes twice. */
  *elsewhere(room: string): Generator<RemoteUser> {
    for (const { people } of this.#peers.values()) yield* people.get(room)?.values() ?? [];
  }

  /** Everybody who is in a room anywhere, each once. */
  users(room: string): RemoteUser[] {
    const users = new Map(Array.from(this.elsewhere(room), (user) => [user.id, user]));
    for (const { name, usersHere } of this.#rooms()) {
      if (name === room) { for (const user of usersHere) users.set(user.id, user); }
    }
    return [...users.values()];
  }

  /** By room, the ids of all who are in it anywhere. */
  everywhere(): Map<string, Set<string>> {
    const ids = new Map<string, Set<string>>();
    const add = (room: string, users: Iterable<{ readonly id: string }>): void => {
      let here = ids.get(room);
      if (!here) ids.set(room, here = new Set());
      for (const { id } of users) here.add(id);
    };
    for (const { name, usersHere } of this.#rooms()) if (usersHere.length) add(name, usersHere);
    for (const { people } of this.#peers.values()) {
      for (const [room, users] of people) add(room, users.values());
    }
    return ids;
  }

  /** All isolates whose figures are known, this one first. */
  isolates(): Isolate[] {
    const all: [string, Figures | undefined][] = [[this.id, this.#figures()]];
    for (const [id, { figures }] of this.#peers) all.push([id, figures]);
    return all.flatMap(([id, figures]) => figures ? { id, figures } : []);
  }

  #beat(): void {
    for (const [id, peer] of this.#peers) if (++peer.silences > MAX_SILENCES) this.#forget(id);
    this.#sendHeartbeat();
  }

  #sendHeartbeat(): void {
    this.#channel?.post({ type: "peer", from: this.id, changes: this.#sent, figures: this.#figures() });
  }

  #heartbeat({ from, changes, figures }: Post & { type: "peer" }): void {
    const peer = this.#peer(from);
    const isNew = !peer.isKnown;
    peer.isKnown = true;
    peer.figures = figures;
    peer.silences = 0;
    if (changes === peer.changes && !isNew) return;
    peer.changes = changes;
    this.#channel?.post({ type: "who", from: this.id, to: from });
    // It doesn't know of this one either.
    if (isNew) this.#sendHeartbeat();
  }

  #take(peer: Peer, change: PeopleChange): void {
    peer.changes++;
    const { room } = change;
    if (change.kind !== "here") {
      const { kind, user } = change;
      return kind === "came" ? this.#enter(peer, room, user) : this.#leave(peer, room, user);
    }
    if (change.isFirst) peer.coming = new Map();
    // The first part was lost: the next heartbeat shows it.
    if (!peer.coming) return;
    for (const user of change.users) into(peer.coming, room).set(user.id, user);
    if (change.isLast) this.#replace(peer, peer.coming);
  }

  /** Replaces the people of a peer by those of its snapshot. */
  #replace(peer: Peer, people: People): void {
    peer.coming = undefined;
    for (const [room, users] of people) for (const user of users.values()) this.#enter(peer, room, user);
    for (const [room, users] of [...peer.people]) {
      for (const user of [...users.values()]) {
        if (!people.get(room)?.has(user.id)) this.#leave(peer, room, user);
      }
    }
  }

  #enter(peer: Peer, room: string, user: RemoteUser): void {
    const users = into(peer.people, room);
    const known = users.get(user.id);
    users.set(user.id, user);
    if (!known) this.#listener.came(room, user);
    else if (known.name !== user.name) this.#listener.renamed(room, user);
  }

  #leave(peer: Peer, room: string, user: RemoteUser): void {
    const users = peer.people.get(room);
    if (!users?.delete(user.id)) return;
    if (!users.size) peer.people.delete(room);
    this.#listener.went(room, user);
  }

  #forget(id: string): void {
    const peer = this.#peers.get(id);
    if (!peer) return;
    this.#peers.delete(id);
    this.#replace(peer, new Map());
  }

  #peer(id: string): Peer {
    let peer = this.#peers.get(id);
    if (!peer) {
      peer = {
        figures: undefined,
        isKnown: false,
        people: new Map(),
        coming: undefined,
        changes: 0,
        silences: 0,
      };
      this.#peers.set(id, peer);
    }
    return peer;
  }

  #post(change: PeopleChange): void {
    if (!this.#channel) return;
    this.#unsent.push(change);
    this.#gather();
  }

  #gather(): void {
    this.#gathering ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  #flush(): void {
    this.#gathering = undefined;
    if (this.#isSnapshotDue) {
      this.#isSnapshotDue = false;
      this.#unsent.push(...snapshotOf(this.#rooms()));
    }
    for (let posts = 0; posts < MAX_POSTS_AT_ONCE && this.#unsent.length; posts++) {
      const changes = takePost(this.#unsent);
      this.#sent += changes.length;
      this.#channel?.post({ type: "people", from: this.id, changes });
    }
    if (this.#unsent.length) this.#gather();
  }
}

function into(people: People, room: string): Map<string, RemoteUser> {
  let users = people.get(room);
  if (!users) people.set(room, users = new Map());
  return users;
}
