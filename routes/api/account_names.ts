/** Lists of account names, as forms and programs send them. */
import * as v from "valibot";
import type { Accounts } from "../../rooms/access/accounts.ts";
import { HttpError } from "../errors.ts";

/** The most names in a list. */
export const MAX_NAMES = 500;
/** At most this many unknown names are in an answer. */
const MAX_REPEATED = 10;
const LENGTH = 1_000;

/** The schema of a field with a list of names. */
export function namesIn(field: string): v.GenericSchema<unknown, string[]> {
  const text = v.pipe(v.string(`"${field}" must be names`), v.maxLength(LENGTH));
  return v.pipe(
    v.array(text, `"${field}" must be a list of names`),
    v.maxLength(MAX_NAMES, `"${field}" must be at most ${MAX_NAMES} names`),
  );
}

/**
 * The ids of the accounts of these names.
 *
 * @throws {UnknownNamesError} when there is no account of some of them.
 */
export async function accountIdsOf(accounts: Accounts, names: readonly string[]): Promise<string[]> {
  const ids = new Set<string>();
  const unknown: string[] = [];
  for (const name of names) {
    const account = await accounts.named(name);
    if (account) ids.add(account.id);
    else unknown.push(name);
  }
  if (unknown.length) throw new UnknownNamesError(unknown.slice(0, MAX_REPEATED));
  return [...ids];
}

/** The user names of these accounts, deleted ones left out. */
export async function usernamesOf(accounts: Accounts, ids: readonly string[]): Promise<string[]> {
  const all = await Promise.all(ids.map((id) => accounts.byId(id)));
  return all.flatMap((account) => account?.username ?? []);
}

/** No account has these names; the answer contains `names`, so that a form can show them. */
class UnknownNamesError extends HttpError {
  readonly names: readonly string[];

  constructor(names: readonly string[]) {
    super(400, "unknown_account", `There is no account called ${names.join(", ")}`);
    this.names = names;
  }
}
