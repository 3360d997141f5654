/** Stores bytes that are too many for one value of KV, in pieces below a common prefix. */

/** Size of a piece, below KV's 64 KiB for a value (https://docs.deno.com/api/deno/~/Deno.Kv.prototype.set). */
export const PIECE_BYTES = 60_000;
/** Pieces in one commit, of KV's 800 KiB (https://docs.deno.com/api/deno/~/Deno.AtomicOperation). */
const PIECES_PER_COMMIT = 12;

/** Writes bytes below the keys `[...prefix, n]`, `n` from 0; answers the number of pieces. */
export async function writePieces(
  kv: Deno.Kv,
  prefix: Deno.KvKey,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<number> {
  const count = Math.ceil(bytes.length / PIECE_BYTES);
  for (let from = 0; from < count; from += PIECES_PER_COMMIT) {
    const commit = kv.atomic();
    for (let n = from; n < Math.min(count, from + PIECES_PER_COMMIT); n++) {
      commit.set([...prefix, n], bytes.slice(n * PIECE_BYTES, (n + 1) * PIECE_BYTES));
    }
    await commit.commit();
  }
  return count;
}

/** The text whose UTF-8 is stored in pieces below a prefix; `""` when there are none. */
export async function readText(kv: Deno.Kv, prefix: Deno.KvKey): Promise<string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let text = "";
  for await (const { value } of kv.list<Uint8Array>({ prefix }, { batchSize: 10 })) {
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}
