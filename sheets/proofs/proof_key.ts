/**
 * The key by which rows are proven.
 *
 * | key | value |
 * | --- | --- |
 * | `["proof_key"]` | 32 random bytes |
 */

const KEY = ["proof_key"];
const KEY_BYTES = 32;

/** The key, made at the first call. */
export async function proofKey(kv: Deno.Kv): Promise<Uint8Array> {
  const entry = await kv.get<Uint8Array>(KEY);
  if (entry.value) return entry.value;
  const made = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  // Of several processes that start at once, one makes it.
  if ((await kv.atomic().check(entry).set(KEY, made).commit()).ok) return made;
  return await proofKey(kv);
}
