/**
 * Who is at a document, and where their cursors are: awareness, as y-protocols has it on the wire, kept by the server.
 *
 * It differs from the library's own in what a server needs: a state belongs to the connection that brought it, and
 * goes with it; nobody else can change or remove it; and the name in it is the account's, whatever the client wrote.
 *
 * A client id that is announced belongs to the user who announced it, at every isolate, and for a short time after
 * their connection has ended: what they typed meanwhile comes under the same id when they are back.
 */
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { UpdateError } from "./update_check.ts";

/** What is known of one client. */
interface Entry {
  clock: number;
  /** JSON; `undefined` for one that has left, whose clock is kept so that what is late can't bring it back. */
  state: string | undefined;
  name: string;
  /** The id of the user whose client it is; `undefined`: another isolate's, which didn't say. */
  user: string | undefined;
  /** The connection that brought it; `undefined`: it is at another isolate. */
  owner: object | undefined;
  seenAt: number;
}

/** Whose client it is: an account's id, and what others read. */
export interface Whose {
  readonly id: string;
  readonly name: string;
}

/** Somebody who is here, or was. */
export interface Change {
  readonly client: number;
  /** What others read. */
  readonly name: string;
  /** `undefined`: has left. */
  readonly state: Readonly<Record<string, unknown>> | undefined;
  /** Whether this client wasn't here before. */
  readonly isNew: boolean;
}

/** As in y-protocols: a state that isn't renewed for so long is gone. */
const OUTDATED_MS = 30_000;
/** Those who left are forgotten after this. */
const FORGOTTEN_MS = 5 * 60_000;
/** A client id stays its user's for this long after their connection has ended. */
const RETURN_WITHIN_MS = 30_000;
/** Another isolate that is asked answers in less. */
const HEARD_WITHIN_MS = 3_000;
/** Of one state, as JSON. */
const MAX_STATE_LENGTH = 4_096;
/** Of one connection; a provider has one. */
const MAX_CLIENTS = 4;
/** That one connection brings one after the other: each that leaves is remembered for a while. */
const MAX_BROUGHT = 64;
/** All who are here, or left lately. */
const MAX_ENTRIES = 10_000;
/** States in one update: a provider repeats what it heard of others. */
const MAX_STATES = 2_000;

export class DocumentAwareness {
  readonly #entries = new Map<number, Entry>();
  /** How many clients a connection has ever brought. */
  readonly #brought = new WeakMap<object, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** All who are here. */
  get clients(): number[] {
    return Array.from(this.#entries).filter(([, { state }]) => state !== undefined).map(([client]) => client);
  }

  /** The name of whoever edits, or edited lately, under a client's id. */
  nameOf(client: number): string | undefined {
    return this.#entries.get(client)?.name;
  }

  /** The id of the user who is here under a client's id, at any isolate, or may be back in a moment. */
  userOf(client: number): string | undefined {
    const entry = this.#entries.get(client);
    const isHere = entry && (entry.state !== undefined || this.#now() - entry.seenAt <= RETURN_WITHIN_MS);
    return isHere ? entry.user : undefined;
  }

  /** The same, for one who is here beyond doubt: connected, or heard of from another isolate in the last seconds. */
  presentUserOf(client: number): string | undefined {
    const { state, owner, seenAt = 0, user } = this.#entries.get(client) ?? {};
    const isHere = state !== undefined && (owner || this.#now() - seenAt <= HEARD_WITHIN_MS);
    return isHere ? user : undefined;
  }

  /** The ids of these clients' users, by the clients' ids in decimal. */
  usersOf(clients: Iterable<number>): Record<string, string> {
    const users: Record<string, string> = {};
    for (const client of clients) {
      const user = this.#entries.get(client)?.user;
      if (user !== undefined) users[client] = user;
    }
    return users;
  }

  /** The clients of one connection. */
  of(owner: object): number[] {
    return Array.from(this.#entries).filter(([, entry]) => entry.owner === owner).map(([client]) => client);
  }

  /**
   * Takes what a connection says of its clients, under the name of its user; what it says of others is passed over.
   * Throws {@link UpdateError} for what isn't awareness.
   */
  take(update: Uint8Array, owner: object, { id, name }: Whose): Change[] {
    const changes: Change[] = [];
    let count = this.of(owner).length;
    for (const { client, clock, text } of statesIn(update)) {
      const known = this.#entries.get(client);
      const isOwn = known?.owner === owner;
      // A client that comes back is another connection of the same user. What was known, though, may be repeated by
      // anybody who heard of it, even after it has left: only what is newer can be its own word.
      const isSame = known && (known.user === undefined ? known.name === name : known.user === id);
      if (known && !isOwn && (!isSame || clock <= known.clock)) continue;
      const state = parsed(text);
      if (!isOwn && (!state || ++count > MAX_CLIENTS)) continue;
      if (!known && this.#entries.size >= MAX_ENTRIES) continue;
      if (!known) this.#countBrought(owner);
      const named = state && { ...state, user: { ...objectIn(state.user), name } };
      if (JSON.stringify(named ?? null).length > MAX_STATE_LENGTH) {
        throw new UpdateError("A state is too long");
      }
      this.#put(client, clock, named, owner, { id, name }, changes);
    }
    return changes;
  }

  /** Takes what another isolate says; `users` as {@link usersOf} has it there. */
  takeElsewhere(update: Uint8Array, users: Readonly<Record<string, string>> = {}): Change[] {
    const changes: Change[] = [];
    for (const { client, clock, text } of statesIn(update)) {
      // Whoever is connected here is known best here.
      const known = this.#entries.get(client);
      if (known ? known.owner : this.#entries.size >= MAX_ENTRIES) continue;
      // It is still there, though it has nothing new to say.
      if (known?.state !== undefined && clock === known.clock) known.seenAt = this.#now();
      const state = parsed(text);
      const name = String(objectIn(state?.user).name ?? "");
      this.#put(client, clock, state, undefined, { id: users[client], name }, changes);
    }
    return changes;
  }

  /** Says something of a client of the server's own making. */
  set(client: number, state: Record<string, unknown>, owner: object, { id, name }: Whose): Change[] {
    const changes: Change[] = [];
    const clock = (this.#entries.get(client)?.clock ?? 0) + 1;
    this.#put(client, clock, { ...state, user: { name } }, owner, { id, name }, changes);
    return changes;
  }

  /** Says again what was said of such a client. */
  renew(client: number): Change[] {
    const entry = this.#entries.get(client);
    if (entry?.state === undefined) return [];
    entry.clock++;
    entry.seenAt = this.#now();
    return [{ client, name: entry.name, state: JSON.parse(entry.state), isNew: false }];
  }

  /** Takes out the clients of a connection that has ended. */
  leave(owner: object): Change[] {
    return this.of(owner).flatMap((client) => this.#remove(client));
  }

  /** Takes out those elsewhere who weren't heard of for too long. */
  sweep(): Change[] {
    const now = this.#now();
    const changes: Change[] = [];
    for (const [client, { state, owner, seenAt }] of this.#entries) {
      if (state === undefined && now - seenAt > FORGOTTEN_MS) this.#entries.delete(client);
      if (state !== undefined && !owner && now - seenAt > OUTDATED_MS) changes.push(...this.#remove(client));
    }
    return changes;
  }

  /** An awareness update that says how it is with these clients. */
  encode(clients: Iterable<number>): Uint8Array<ArrayBuffer> {
    const known = [...new Set(clients)].flatMap((client) => {
      const entry = this.#entries.get(client);
      return entry ? [{ client, entry }] : [];
    });
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, known.length);
    for (const { client, entry: { clock, state } } of known) {
      encoding.writeVarUint(encoder, client);
      encoding.writeVarUint(encoder, clock);
      encoding.writeVarString(encoder, state ?? "null");
    }
    return encoding.toUint8Array(encoder);
  }

  /** Throws {@link UpdateError}. */
  #countBrought(owner: object): void {
    const count = (this.#brought.get(owner) ?? 0) + 1;
    if (count > MAX_BROUGHT) throw new UpdateError("A connection brings too many clients");
    this.#brought.set(owner, count);
  }

  #put(
    client: number,
    clock: number,
    state: Readonly<Record<string, unknown>> | undefined,
    owner: object | undefined,
    { id, name }: { readonly id: string | undefined; readonly name: string },
    changes: Change[],
  ): void {
    const known = this.#entries.get(client);
    // One that left may come back, to another isolate, with the clock it had.
    const isNews = !known || clock > known.clock ||
      (clock === known.clock && (!state || known.state === undefined));
    if (!isNews) return;
    if (!state && known?.state === undefined) return;
    const text = state && JSON.stringify(state);
    this.#entries.set(client, {
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
    const entry = this.#entries.get(client);
    if (!entry || entry.state === undefined) return [];
    entry.state = undefined;
    entry.owner = undefined;
    entry.seenAt = this.#now();
    return [{ client, name: entry.name, state: undefined, isNew: false }];
  }
}

/** Throws {@link UpdateError}. What a state says is parsed later: most are repeated, and passed over. */
function statesIn(update: Uint8Array): { client: number; clock: number; text: string }[] {
  try {
    const decoder = decoding.createDecoder(update);
    const count = decoding.readVarUint(decoder);
    if (count > MAX_STATES) throw new RangeError("Too many states");
    return Array.from({ length: count }, () => {
      const client = decoding.readVarUint(decoder);
      const clock = decoding.readVarUint(decoder);
      const text = decoding.readVarString(decoder);
      // One of another's that it repeats may be as long as one may be.
      if (text.length > MAX_STATE_LENGTH) throw new RangeError("A state is too long");
      return { client, clock, text };
    });
  } catch (cause) {
    throw new UpdateError("An awareness update can't be decoded", { cause });
  }
}

/** `undefined`: has left. Throws {@link UpdateError}. */
function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const state: unknown = JSON.parse(text);
    return state === null ? undefined : objectIn(state);
  } catch (cause) {
    throw new UpdateError("An awareness state can't be parsed", { cause });
  }
}

function objectIn(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : {};
}
