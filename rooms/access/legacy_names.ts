/**
 * Names as an early version stored them: folded once (`foldOnce`) instead of until nothing changes (`foldName`).
 *
 * | key | value |
 * | --- | --- |
 * | `["account_names"]` | `{ folding }`: how all stored names are folded, {@link FOLDING} |
 */
import { canBeKey } from "./account_name.ts";
import { foldName, foldOnce } from "./fold_name.ts";

const NAMES = ["account_names"];
/** The number of the present way of folding. */
const FOLDING = 2;

/**
 * The forms in which names may be stored. The former one comes first: where the present form belongs to another account,
 * the owner of the former one must still be able to sign in.
 */
export function storedFormsOf(names: readonly string[]): Set<string> {
  return new Set([...names.map(foldOnce), ...names.map(foldName)].filter(canBeKey));
}

/**
 * Stores all names under a prefix in their present form, too. A form that two accounts would share stays with the account
 * that has it already.
 */
export async function foldStoredNames(kv: Deno.Kv, prefix: string): Promise<void> {
  const { value } = await kv.get<{ folding: number }>(NAMES);
  if (value && value.folding >= FOLDING) return;
  for await (const { key, value: id } of kv.list<string>({ prefix: [prefix] }, { batchSize: 500 })) {
    const folded = foldName(String(key[1]));
    if (folded === key[1] || !canBeKey(folded)) continue;
    const present = { key: [prefix, folded], versionstamp: null };
    await kv.atomic().check(present).set(present.key, id).commit();
  }
  await kv.set(NAMES, { folding: FOLDING });
}
