/** Deletes many keys of KV, in as many commits as they need. */

/** Keys deleted in one commit, of KV's 1,000 mutations (https://docs.deno.com/api/deno/~/Deno.AtomicOperation). */
const KEYS_PER_COMMIT = 500;

/** Deletes these keys, in their order. */
export async function deleteKeys(
  kv: Deno.Kv,
  keys: Iterable<Deno.KvKey> | AsyncIterable<Deno.KvKey>,
): Promise<void> {
  let commit = kv.atomic();
  let count = 0;
  for await (const key of keys) {
    commit.delete(key);
    if (++count % KEYS_PER_COMMIT) continue;
    await commit.commit();
    commit = kv.atomic();
  }
  if (count % KEYS_PER_COMMIT) await commit.commit();
}

/** Deletes all keys that begin with a prefix, in their order. */
export async function deletePrefix(kv: Deno.Kv, prefix: Deno.KvKey): Promise<void> {
  await deleteKeys(kv, keysBelow(kv, prefix));
}

async function* keysBelow(kv: Deno.Kv, prefix: Deno.KvKey): AsyncGenerator<Deno.KvKey> {
  // A small batch, because values are read with their keys and may be large.
  for await (const { key } of kv.list({ prefix }, { batchSize: 10 })) yield key;
}
