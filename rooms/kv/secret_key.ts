/** Random keys in KV, the same for every process and after every restart. */
import { randomBytes } from "node:crypto";

const KEY_BYTES = 32;

/**
 * Reads the secret of 32 bytes under a key, or creates it at the first start.
 *
 * @throws {Error} when KV can't store it.
 */
export async function openSecretKey(kv: Deno.Kv, key: Deno.KvKey): Promise<Uint8Array> {
  const secret = new Uint8Array(randomBytes(KEY_BYTES));
  // Of processes that start at the same time the first one's stays.
  await kv.atomic().check({ key, versionstamp: null }).set(key, secret).commit();
  const { value } = await kv.get<Uint8Array>(key);
  if (!value) {
    throw new Error(`Reading the secret ${key.join("/")} failed: it is missing, though it was just created`);
  }
  return value;
}
