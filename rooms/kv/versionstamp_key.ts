/** Keys that end with the versionstamp of the commit that sets them, so that a prefix lists in the order of commits. */

/** The key below `prefix` that a commit sets. */
export function versionstampKey(kv: Deno.Kv, ...prefix: readonly Deno.KvKeyPart[]): Deno.KvKey {
  // deno-lint-ignore no-explicit-any -- the type of keys lacks the symbol that `commitVersionstamp` returns
  return [...prefix, kv.commitVersionstamp() as any];
}

/** The keys below `prefix` of the commits after a versionstamp (`""`: all). */
export function keysAfter(
  versionstamp: string,
  ...prefix: readonly Deno.KvKeyPart[]
): { start: Deno.KvKey; end: Deno.KvKey } {
  // The next possible key, because a list's start is inclusive; and a key above all that are hexadecimal.
  return { start: [...prefix, `${versionstamp}\0`], end: [...prefix, "g"] };
}

/** The versionstamp of the last commit that set a key below `prefix`; `""` when none did. */
export async function newestStamp(kv: Deno.Kv, prefix: Deno.KvKey): Promise<string> {
  const { value } = await kv.list({ prefix }, { reverse: true, limit: 1 }).next();
  return value ? String(value.key.at(-1)) : "";
}
