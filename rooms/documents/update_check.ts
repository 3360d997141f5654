/**
 * What a client's update may do to a document, found out before any of it is applied: an update that fails half-way
 * would leave its first half behind, for everybody and for good.
 *
 * Checked are: that it can be decoded to its end; that it holds plain text of the shared type `content` and nothing
 * else (no nested types, no formats, no embedded objects, no subdocuments); that clocks stay within sane numbers; and
 * that all it refers to is known, so that Yjs never has to keep parts that wait for something that may never come.
 */
import * as Y from "yjs";

/** The name of the shared type: protocol.md. */
export const CONTENT = "content";

/** No document ever gets here by typing; larger clocks are made up. */
const MAX_CLOCK = 2 ** 40;
/** Clients that weren't known, in one update: each takes room and time, were it for one deleted character. */
const MAX_NEW_CLIENTS = 1_000;

/** An update that no honest client sends. */
export class UpdateError extends Error {
  override readonly name = "UpdateError";
}

/** What an update is about. */
export interface CheckedUpdate {
  /** Whether all that it refers to is known; else what is missing may still come. */
  readonly isComplete: boolean;
  /** The clients whose edits it brings that weren't known: none, when it only deletes or repeats. */
  readonly clients: ReadonlySet<number>;
}

type Struct = Y.Item | Y.GC | Y.Skip;
type Id = { readonly client: number; readonly clock: number };

/** Looks at an update for a document. Throws {@link UpdateError}. */
export function checkUpdate(doc: Y.Doc, update: Uint8Array): CheckedUpdate {
  const { structs, ds } = decoded(update);
  const queues = new Map<number, Struct[]>();
  const clients = new Set<number>();
  const newcomers = new Set<number>();
  for (const struct of structs as Struct[]) {
    const { id: { client, clock }, length } = struct;
    if (!(length > 0) || clock + length > MAX_CLOCK) throw new UpdateError("A clock is out of bounds");
    if (struct instanceof Y.Skip) continue;
    if (struct instanceof Y.Item) checkItem(struct);
    const known = Y.getState(doc.store, client);
    if (!known && newcomers.add(client).size > MAX_NEW_CLIENTS) {
      throw new UpdateError("An update brings too many clients");
    }
    if (clock + length > known) {
      clients.add(client);
    }
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

function decoded(update: Uint8Array): ReturnType<typeof Y.decodeUpdate> {
  try {
    return Y.decodeUpdate(update);
  } catch (cause) {
    throw new UpdateError("An update can't be decoded", { cause });
  }
}

/** Throws {@link UpdateError}. */
function checkItem(item: Y.Item): void {
  const { content, origin, rightOrigin, parentSub } = item;
  const parent: unknown = item.parent;
  if (!(content instanceof Y.ContentString || content instanceof Y.ContentDeleted)) {
    throw new UpdateError("Only text goes into a document");
  }
  // What has a neighbour takes the place from it.
  if (!origin && !rightOrigin && (parent !== CONTENT || parentSub !== null)) {
    throw new UpdateError(`Text goes into "${CONTENT}" and nowhere else`);
  }
}

/**
 * Whether everything could be integrated: each client's structs in order, each behind those that it refers to. Clients
 * that wait for another one are looked at again when that one has advanced, so this takes linear time.
 */
function integrated(
  doc: Y.Doc,
  queues: ReadonlyMap<number, Struct[]>,
): { isComplete: boolean; stateOf: (client: number) => number } {
  const states = new Map<number, number>();
  const stateOf = (client: number): number => states.get(client) ?? Y.getState(doc.store, client);
  const places = new Map<number, number>();
  const waiting = new Map<number, Set<number>>();
  const ready = [...queues.keys()];
  let left = queues.size;
  for (let client = ready.pop(); client !== undefined; client = ready.pop()) {
    const queue = queues.get(client) ?? [];
    let place = places.get(client) ?? 0;
    for (; place < queue.length; place++) {
      const struct = queue[place];
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
    const hasAdvanced = place > (places.get(client) ?? 0);
    places.set(client, place);
    if (place === queue.length) left--;
    if (!hasAdvanced) continue;
    ready.push(...waiting.get(client) ?? []);
    waiting.delete(client);
  }
  return { isComplete: left === 0, stateOf };
}

/** The client whose edits an item needs first. Throws {@link UpdateError} for one that refers to its own future. */
function missingOf(item: Y.Item, stateOf: (client: number) => number): number | undefined {
  const presenceSync: (Id | null)[] = [item.origin, item.rightOrigin];
  for (const id of presenceSync) {
    if (!id) continue;
    if (id.client === item.id.client && id.clock >= item.id.clock) {
      throw new UpdateError("An edit refers to a later one");
    }
    if (id.clock >= stateOf(id.client)) return id.client;
  }
}
