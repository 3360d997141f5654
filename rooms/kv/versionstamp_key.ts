/** A key that ends with the versionstamp of the commit that sets it, so that `prefix` lists in the order of commits. */
export function versionstampKey(kv: Deno.Kv, ...prefix: readonly Deno.KvKeyPart[]): Deno.KvKey {
  // deno-lint-ignore no-explicit-any -- the type of keys lacks the symbol that `commitVersionstamp` returns
  return [...prefix, kv.commitVersionstamp() as any];
}
