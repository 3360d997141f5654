/** Gives signatures to pages that were written before there were any. */
import { unpack } from "../kv/value_packer.ts";
import { signatureKey, signatureOf } from "./page_signature.ts";

/** Every page of every room, each in a commit of its own: who dies in this begins again, and does no harm. */
export async function signAllPages(kv: Deno.Kv): Promise<void> {
  for await (const page of kv.list<Uint8Array>({ prefix: ["history"] }, { batchSize: 10 })) {
    const key = signatureKey(String(page.key[1]), String(page.key[2]));
    // A page that changes meanwhile gets its signature from whoever changes it.
    await kv.atomic().check(page).set(key, signatureOf(unpack(page.value))).commit();
  }
}
