/** Reads many keys of KV, in as many requests as they need. */

/** KV's limit for one `getMany` (https://docs.deno.com/api/deno/~/Deno.Kv.prototype.getMany). */
const KEYS_PER_READ = 10;

/** The entries of these keys, in their order; all requests are made at once. */
export async function readKeys<T>(kv: Deno.Kv, keys: readonly Deno.KvKey[]): Promise<Deno.KvEntryMaybe<T>[]> {
  const reads: Promise<Deno.KvEntryMaybe<T>[]>[] = [];
  for (let i = 0; i < keys.length; i += KEYS_PER_READ) {
    reads.push(kv.getMany<T[]>(keys.slice(i, i + KEYS_PER_READ)));
  }
  return (await Promise.all(reads)).flat();
}
