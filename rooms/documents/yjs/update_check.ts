/**
 * Checks a client's update before any of it is applied: an update that fails half-way would leave its first half in the
 * document for good.
 *
 * An update is valid when it can be decoded to its end; contains plain text of the shared type `content` and nothing
 * else (no nested types, formats, embedded objects or subdocuments); and has clocks below {@link MAX_CLOCK}. It is
 * complete when all edits that it refers to are known, so that Yjs keeps no parts pending that may never be completed.
 */
import * as Y from "yjs";

/** The name of the shared type that holds a document's text. */
export const CONTENT = "content";

/** A client's clock counts the characters it typed; no honest client reaches this number. */
const MAX_CLOCK = 2 ** 40;
/** Unknown clients in one update: each takes memory and time, even for a single deleted character. */
const MAX_NEW_CLIENTS = 1_000;

/** An update that no honest client sends. */
export class UpdateError extends Error {
  override readonly name = "UpdateError";
}

/** What {@link checkUpdate} found in an update. */
export interface CheckedUpdate {
  /** Whether all edits that it refers to are known; missing ones may still arrive. */
  readonly isComplete: boolean;
  /** The clients of its new edits; empty when it only deletes or repeats. */
  readonly clients: ReadonlySet<number>;
}

type Struct = Y.Item | Y.GC | Y.Skip;
type Id = { readonly client: number; readonly clock: number };

/**
 * Checks an update for a document, without applying it.
 *
 * @throws {UpdateError} when it is invalid
 */
export function checkUpdate(doc: Y.Doc, update: Uint8Array): CheckedUpdate {
  const { structs, ds } = decoded(update);
  const queues = new Map<number, Struct[]>();
  const clients = new Set<number>();
  const unknown = new Set<number>();
  for (const struct of structs as Struct[]) {
    const { id: { client, clock }, length } = struct;
    if (!(length > 0) || clock + length > MAX_CLOCK) throw new UpdateError("A clock is out of bounds");
    if (struct instanceof Y.Skip) continue;
    if (struct instanceof Y.Item) checkItem(struct);
    const known = Y.getState(doc.store, client);
    if (!known && unknown.add(client).size > MAX_NEW_CLIENTS) {
      throw new UpdateError("An update brings too many clients");
    }
    if (clock + length > known) clients.add(client);
    const queue = queues.get(client);
    if (!queue) queues.set(client, [struct]);
    else queue.push(struct);
  }
  const { isComplete, stateOf } = integrated(doc, queues);
  let knowsDeleted = true;
  for (const [client, deletions] of ds.clients) {
    for (const { clock, len } of deletions) {
      if (!(len > 0) || clock + len > MAX_CLOCK) throw new UpdateError("A deletion is out of bounds");
      if (clock + len > stateOf(client)) knowsDeleted = false;
    }
  }
  return { isComplete: isComplete && knowsDeleted, clients };
}

/**
 * Applies an update that was found complete. `origin` is passed on to Yjs.
 *
 * @throws {UpdateError} when a part of it refers to an unknown edit, which {@link checkUpdate} should have found
 */
export function applyChecked(doc: Y.Doc, update: Uint8Array, origin: unknown): void {
  Y.applyUpdate(doc, update, origin);
  const { store } = doc;
  if (!store.pendingStructs && !store.pendingDs) return;
  // Nothing may stay pending for ever.
  store.pendingStructs = store.pendingDs = null;
  throw new UpdateError("An update refers to what nobody has");
}

function decoded(update: Uint8Array): ReturnType<typeof Y.decodeUpdate> {
  try {
    return Y.decodeUpdate(update);
  } catch (cause) {
    throw new UpdateError("An update can't be decoded", { cause });
  }
}

/** @throws {UpdateError} when an item isn't plain text of the shared type */
function checkItem(item: Y.Item): void {
  const { content, origin, rightOrigin, parentSub } = item;
  const parent: unknown = item.parent;
  if (!(content instanceof Y.ContentString || content instanceof Y.ContentDeleted)) {
    throw new UpdateError("Only text goes into a document");
  }
  // An item with a neighbour is inserted beside it, whatever parent it names.
  if (!origin && !rightOrigin && (parent !== CONTENT || parentSub !== null)) {
    throw new UpdateError(`Text goes into "${CONTENT}" and nowhere else`);
  }
}

/**
 * Whether everything could be integrated: each client's structs in order, each after those that it refers to. A client
 * that waits for another one is tried again when that one has advanced, so this takes linear time.
 */
function integrated(
  doc: Y.Doc,
  queues: ReadonlyMap<number, Struct[]>,
): { isComplete: boolean; stateOf: (client: number) => number } {
  const states = new Map<number, number>();
  const stateOf = (client: number): number => states.get(client) ?? Y.getState(doc.store, client);
  /** By client, the index of the next struct in its queue. */
  const positions = new Map<number, number>();
  const waiting = new Map<number, Set<number>>();
  const ready = [...queues.keys()];
  let left = queues.size;
  for (let client = ready.pop(); client !== undefined; client = ready.pop()) {
    const queue = queues.get(client) ?? [];
    let position = positions.get(client) ?? 0;
    for (; position < queue.length; position++) {
      const struct = queue[position];
      const { clock } = struct.id;
      if (clock > stateOf(client)) break;
      const missing = struct instanceof Y.Item ? missingOf(struct, stateOf) : undefined;
      if (missing !== undefined) {
        const others = waiting.get(missing);
        if (others) others.add(client);
        else waiting.set(missing, new Set([client]));
        break;
      }
      states.set(client, Math.max(stateOf(client), clock + struct.length));
    }
    const hasAdvanced = position > (positions.get(client) ?? 0);
    positions.set(client, position);
    if (position === queue.length) left--;
    if (!hasAdvanced) continue;
    ready.push(...waiting.get(client) ?? []);
    waiting.delete(client);
  }
  return { isComplete: left === 0, stateOf };
}

/**
 * The client whose edits an item needs first; `undefined` when none are missing.
 *
 * @throws {UpdateError} when an item refers to a later edit of its own client
 */
function missingOf(item: Y.Item, stateOf: (client: number) => number): number | undefined {
  const neighbours: (Id | null)[] = [item.origin, item.rightOrigin];
  for (const id of neighbours) {
    if (!id) continue;
    if (id.client === item.id.client && id.clock >= item.id.clock) {
      throw new UpdateError("An edit refers to a later one");
    }
    if (id.clock >= stateOf(id.client)) return id.client;
  }
}
