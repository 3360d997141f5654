/** A part of a Yjs update: the edits of some of its clients. */
import * as encoding from "lib0/encoding";
import * as Y from "yjs";

/**
 * The edits of some clients in an update, as an update of its own; its deletions are left out. The format is that of
 * Yjs' `encodeStateAsUpdate`: https://github.com/yjs/yjs/blob/main/INTERNALS.md
 */
export function partialUpdate(update: Uint8Array, clients: ReadonlySet<number>): Uint8Array {
  const structs = Map.groupBy(Y.decodeUpdate(update).structs, ({ id }) => id.client);
  const kept = [...structs].filter(([client]) => clients.has(client));
  const encoder = new Y.UpdateEncoderV1();
  encoding.writeVarUint(encoder.restEncoder, kept.length);
  for (const [client, [...ofClient]] of kept) {
    encoding.writeVarUint(encoder.restEncoder, ofClient.length);
    encoder.writeClient(client);
    encoding.writeVarUint(encoder.restEncoder, ofClient[0].id.clock);
    for (const struct of ofClient) struct.write(encoder, 0);
  }
  const noDeletions = 0;
  encoding.writeVarUint(encoder.restEncoder, noDeletions);
  return encoder.toUint8Array();
}

/** Applies those edits of a checked update that refer to known ones, and leaves out the rest. */
export function applyKnown(doc: Y.Doc, update: Uint8Array, origin: unknown): void {
  Y.applyUpdate(doc, update, origin);
  doc.store.pendingStructs = null;
}
