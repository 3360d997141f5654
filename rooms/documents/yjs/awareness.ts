/**
 * Who has a document open, and where their cursors are: awareness in the wire format of y-protocols, kept by the server.
 *
 * The library's own class doesn't have what a server needs: a state belongs to the connection that sent it, and ends
 * with it; nobody else can change or remove it; and its name is the account's, whatever the client wrote.
 *
 * A client id belongs to the user who announced it, at every isolate, until {@link RETURN_WITHIN_MS} after their
 * connection has ended: what they typed offline comes under the same id when they reconnect.
 */
import { decodeState, decodeStates, encodeStates, MAX_STATE_LENGTH, objectIn } from "./awareness_update.ts";
import { UpdateError } from "./update_check.ts";

/** The state of one client. */
interface ClientState {
  clock: number;
  /** JSON; `undefined`: has left. The clock is kept so that a late update can't bring the client back. */
  state: string | undefined;
  name: string;
  /** The id of the client's user; `undefined`: unknown, because another isolate didn't send it. */
  user: string | undefined;
  /** The connection that sent it; `undefined`: it is connected to another isolate. */
  owner: object | undefined;
  /** When it was last renewed, in milliseconds since the epoch. */
  seenAt: number;
}

/** A client's user. */
export interface DocumentUser {
  /** The account's id. */
  readonly id: string;
  /** The name that others read. */
  readonly name: string;
}

/** A change of one client's state. */
export interface Change {
  readonly client: number;
  /** The name that others read. */
  readonly name: string;
  /** `undefined`: has left. */
  readonly state: Readonly<Record<string, unknown>> | undefined;
  /** Whether this client wasn't here before. */
  readonly isNew: boolean;
}

/** A state that isn't renewed within this time ends (https://github.com/yjs/y-protocols/blob/master/awareness.js). */
const OUTDATED_MS = 30_000;
/** After this time the clock of a client that left is forgotten. */
const FORGET_AFTER_MS = 5 * 60_000;
/** For this time after a connection has ended, its client ids still belong to its user. */
const RETURN_WITHIN_MS = 30_000;
/** Another isolate that is asked for its states answers within this time. */
const HEARD_WITHIN_MS = 3_000;
/** Clients of one connection at a time; a Yjs provider has one. */
const MAX_CLIENTS = 4;
/** Clients that one connection may announce in all: each one that leaves is remembered for a while. */
const MAX_ANNOUNCED = 64;
/** Clients of a document that are here or remembered. */
const MAX_CLIENTS_KNOWN = 10_000;

/** The awareness states of one document. */
export class DocumentAwareness {
  readonly #states = new Map<number, ClientState>();
  /** By connection, the number of clients it has ever announced. */
  readonly #announced = new WeakMap<object, number>();
  readonly #now: () => number;

  /** `now` is the time of day, in milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The ids of all clients that are here. */
  get clients(): number[] {
    return Array.from(this.#states).filter(([, { state }]) => state !== undefined).map(([client]) => client);
  }

  /** The user name of a client that is here or remembered. */
  nameOf(client: number): string | undefined {
    return this.#states.get(client)?.name;
  }

  /** The user id of a client that is connected to any isolate, or was until {@link RETURN_WITHIN_MS} ago. */
  userOf(client: number): string | undefined {
    const known = this.#states.get(client);
    const isHere = known && (known.state !== undefined || this.#now() - known.seenAt <= RETURN_WITHIN_MS);
    return isHere ? known.user : undefined;
  }

  /** The user id of a client that is certainly connected: here, or to an isolate that said so in the last seconds. */
  presentUserOf(client: number): string | undefined {
    const { state, owner, seenAt = 0, user } = this.#states.get(client) ?? {};
    const isHere = state !== undefined && (owner || this.#now() - seenAt <= HEARD_WITHIN_MS);
    return isHere ? user : undefined;
  }

  /** The user ids of these clients, by client id in decimal. */
  usersOf(clients: Iterable<number>): Record<string, string> {
    const users: Record<string, string> = {};
    for (const client of clients) {
      const user = this.#states.get(client)?.user;
      if (user !== undefined) users[client] = user;
    }
    return users;
  }

  /** The client ids of one connection. */
  of(owner: object): number[] {
    return Array.from(this.#states).filter(([, known]) => known.owner === owner).map(([client]) => client);
  }

  /**
   * Applies a connection's update to its own clients, under the name of its user; states of other clients are ignored.
   *
   * @throws {UpdateError} when it can't be decoded, is too large, or announces too many clients
   */
  take(update: Uint8Array, owner: object, { id, name }: DocumentUser): Change[] {
    const changes: Change[] = [];
    let count = this.of(owner).length;
    for (const { client, clock, text } of decodeStates(update)) {
      const known = this.#states.get(client);
      const isOwn = known?.owner === owner;
      // A client that reconnects is a new connection of the same user. Other clients repeat its known states, even after
      // it has left, so only a higher clock shows that a state is its own.
      const isSame = known && (known.user === undefined ? known.name === name : known.user === id);
      if (known && !isOwn && (!isSame || clock <= known.clock)) continue;
      const state = decodeState(text);
      if (!isOwn && (!state || ++count > MAX_CLIENTS)) continue;
      if (!known && this.#states.size >= MAX_CLIENTS_KNOWN) continue;
      if (!known) this.#countAnnounced(owner);
      const named = state && { ...state, user: { ...objectIn(state.user), name } };
      if (JSON.stringify(named ?? null).length > MAX_STATE_LENGTH) {
        throw new UpdateError("A state is too long");
      }
      this.#put(client, clock, named, owner, { id, name }, changes);
    }
    return changes;
  }

  /**
   * Applies another isolate's update; `users` is what {@link usersOf} answered there.
   *
   * @throws {UpdateError} when it can't be decoded
   */
  takeElsewhere(update: Uint8Array, users: Readonly<Record<string, string>> = {}): Change[] {
    const changes: Change[] = [];
    for (const { client, clock, text } of decodeStates(update)) {
      // This isolate knows best about its own connections.
      const known = this.#states.get(client);
      if (known ? known.owner : this.#states.size >= MAX_CLIENTS_KNOWN) continue;
      // Unchanged, but renewed.
      if (known?.state !== undefined && clock === known.clock) known.seenAt = this.#now();
      const state = decodeState(text);
      const name = String(objectIn(state?.user).name ?? "");
      this.#put(client, clock, state, undefined, { id: users[client], name }, changes);
    }
    return changes;
  }

  /** Sets the state of a client whose awareness the server keeps. */
  set(client: number, state: Record<string, unknown>, owner: object, { id, name }: DocumentUser): Change[] {
    const changes: Change[] = [];
    const clock = (this.#states.get(client)?.clock ?? 0) + 1;
    this.#put(client, clock, { ...state, user: { name } }, owner, { id, name }, changes);
    return changes;
  }

  /** Renews the state of such a client. */
  renew(client: number): Change[] {
    const known = this.#states.get(client);
    if (known?.state === undefined) return [];
    known.clock++;
    known.seenAt = this.#now();
    return [{ client, name: known.name, state: JSON.parse(known.state), isNew: false }];
  }

  /** Removes the clients of a connection that has ended. */
  leave(owner: object): Change[] {
    return this.of(owner).flatMap((client) => this.#remove(client));
  }

  /** Removes clients of other isolates that weren't renewed in time. */
  sweep(): Change[] {
    const now = this.#now();
    const changes: Change[] = [];
    for (const [client, { state, owner, seenAt }] of this.#states) {
      if (state === undefined && now - seenAt > FORGET_AFTER_MS) this.#states.delete(client);
      if (state !== undefined && !owner && now - seenAt > OUTDATED_MS) changes.push(...this.#remove(client));
    }
    return changes;
  }

  /** The awareness update that contains the states of these clients. */
  encode(clients: Iterable<number>): Uint8Array<ArrayBuffer> {
    const states = [...new Set(clients)].flatMap((client) => {
      const known = this.#states.get(client);
      return known ? [{ client, ...known }] : [];
    });
    return encodeStates(states);
  }

  /** @throws {UpdateError} when the connection has announced too many clients */
  #countAnnounced(owner: object): void {
    const count = (this.#announced.get(owner) ?? 0) + 1;
    if (count > MAX_ANNOUNCED) throw new UpdateError("A connection brings too many clients");
    this.#announced.set(owner, count);
  }

  #put(
    client: number,
    clock: number,
    state: Readonly<Record<string, unknown>> | undefined,
    owner: object | undefined,
    { id, name }: { readonly id: string | undefined; readonly name: string },
    changes: Change[],
  ): void {
    const known = this.#states.get(client);
    // A client that left may come back at another isolate, with the clock it had.
    const isNewer = !known || clock > known.clock ||
      (clock === known.clock && (!state || known.state === undefined));
    if (!isNewer) return;
    if (!state && known?.state === undefined) return;
    const text = state && JSON.stringify(state);
    this.#states.set(client, {
      clock,
      state: text,
      name,
      user: id ?? known?.user,
      owner: state ? owner : undefined,
      seenAt: this.#now(),
    });
    changes.push({
      client,
      name: state ? name : known?.name ?? name,
      state,
      isNew: known?.state === undefined,
    });
  }

  #remove(client: number): Change[] {
    const known = this.#states.get(client);
    if (!known || known.state === undefined) return [];
    known.state = undefined;
    known.owner = undefined;
    known.seenAt = this.#now();
    return [{ client, name: known.name, state: undefined, isNew: false }];
  }
}
