/** Who may be where: the parts that know accounts, what they prove themselves by, and the rules of rooms. */
import { AccountError, Accounts } from "./accounts/accounts.ts";
import { Attempts } from "./accounts/attempts.ts";
import { GuestBadges } from "./accounts/guest_badge.ts";
import { Passes, SESSIONS, TOKENS } from "./accounts/passes.ts";
import { Passwords } from "./accounts/password.ts";
import type { Changes } from "./changes.ts";
import { Doors } from "./doors.ts";
import { RuleBook } from "./rules.ts";

export interface Access {
  readonly accounts: Accounts;
  readonly sessions: Passes;
  readonly tokens: Passes;
  readonly badges: GuestBadges;
  readonly attempts: Attempts;
  readonly rules: RuleBook;
  readonly doors: Doors;
}

/** Opens all of it on one database, and makes the first admin where one is named. */
export async function openAccess(parts: {
  kv: Deno.Kv;
  changes: Changes;
  now: () => number;
  /** Made when there is no account of that name. */
  admin: { username: string; password: string } | undefined;
  /** Called when a right could not be looked at. */
  failed: (error: unknown) => void;
}): Promise<Access> {
  const { kv, changes, now, admin, failed } = parts;
  const accounts = new Accounts({ kv, changes, now, passwords: new Passwords() });
  if (admin && !await accounts.owns(admin.username)) await makeAdmin(accounts, admin);
  return {
    accounts,
    sessions: new Passes(SESSIONS, { kv, changes, now }),
    tokens: new Passes(TOKENS, { kv, changes, now }),
    badges: await GuestBadges.open(kv),
    attempts: new Attempts(now),
    // Rules are read anew before the doors look at who may stay under them.
    rules: new RuleBook(kv, changes),
    doors: new Doors(changes, now, failed),
  };
}

async function makeAdmin(accounts: Accounts, admin: { username: string; password: string }): Promise<void> {
  try {
    await accounts.create({ ...admin, role: "admin" });
  } catch (error) {
    // Another process that started at the same time was faster.
    if (!(error instanceof AccountError) || error.code !== "username_taken") throw error;
  }
}
