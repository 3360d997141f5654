/** Lists of people by the names of their accounts, as forms and programs send them. */
import * as v from "valibot";
import type { Accounts } from "../../rooms/access/accounts.ts";
import { HttpError } from "../errors.ts";

export const MAX_NAMES = 500;
/** Names that an answer repeats. */
const MAX_REPEATED = 10;
const LENGTH = 1_000;

/** A list of names in a body's field. */
export function namesIn(field: string): v.GenericSchema<unknown, string[]> {
  const text = v.pipe(v.string(`"${field}" must be names`), v.maxLength(LENGTH));
  return v.pipe(
    v.array(text, `"${field}" must be a list of names`),
    v.maxLength(MAX_NAMES, `"${field}" must be at most ${MAX_NAMES} names`),
  );
}

/** The ids of the accounts of these names. Throws {@link UnknownNamesError} that tells which ones nobody has. */
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

/** The user names of these accounts; those that are gone are left out. */
export async function usernamesOf(accounts: Accounts, ids: readonly string[]): Promise<string[]> {
  const all = await Promise.all(ids.map((id) => accounts.byId(id)));
  return all.flatMap((account) => account?.username ?? []);
}

/** No account has these names; `names` goes to the client, so that a form can say which ones. */
export class UnknownNamesError extends HttpError {
  readonly names: readonly string[];

  constructor(names: readonly string[]) {
    super(400, "unknown_account", `There is no account called ${names.join(", ")}`);
    this.names = names;
  }
}
