/**
 * An account: a person who can prove who they are.
 *
 * | key | value |
 * | --- | --- |
 * | `["account", id]` | {@link StoredAccount} |
 */
import { MAX_NAME_LENGTH } from "../user.ts";
import { accountName } from "./account_name.ts";
import { foldName } from "./fold_name.ts";
import { passwordFault } from "./passwords.ts";

/** What an account may do: an admin manages accounts, tokens and all rooms. */
export type Role = "user" | "admin";

/** An account, without its password. */
export interface Account {
  /** A ULID. */
  readonly id: string;
  /** Its person signs in with this name. */
  readonly username: string;
  /** The others read this name. */
  readonly displayName: string;
  readonly role: Role;
  /** ISO 8601 */
  readonly createdAt: string;
}

/** An account as it is stored, with a hash of its password. */
export interface StoredAccount extends Account {
  readonly password: string;
}

/** An account to create; its display name is the user name where none is given. */
export interface NewAccount {
  readonly username: string;
  readonly password: string;
  readonly displayName?: string;
  readonly role: Role;
}

/** An account can't be created or changed as asked for; its message is for people. */
export class AccountError extends Error {
  override readonly name = "AccountError";
  readonly code:
    | "invalid_username"
    | "invalid_password"
    | "username_taken"
    | "not_found"
    | "changed"
    | "last_admin";

  constructor(code: AccountError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** The prefix of all accounts' keys. */
export const ACCOUNTS: Deno.KvKey = ["account"];

/** The key of an account, for reads together with other keys. */
export function accountKey(id: string): Deno.KvKey {
  return [...ACCOUNTS, id];
}

/**
 * A name in the form in which an account has it.
 *
 * @throws {AccountError} when no account may have it.
 */
export function validName(name: string): string {
  const valid = accountName(name);
  if (valid !== undefined) return valid;
  throw new AccountError(
    "invalid_username",
    `A name has 1 to ${MAX_NAME_LENGTH} characters that people can see, no check marks, and can't be one that stands for nobody, such as Anonymous, or for the service`,
  );
}

/**
 * Checks a new password of an account.
 *
 * @throws {AccountError} when it is too short, too long or the account's own name.
 */
export function validatePassword(password: string, account: Account): void {
  const fault = passwordFault(password);
  if (fault !== undefined) throw new AccountError("invalid_password", fault);
  if (namesOf(account).includes(foldName(password))) {
    throw new AccountError("invalid_password", "A password can't be the account's own name");
  }
}

/** The names that an account owns, folded. */
export function namesOf({ username, displayName }: Account): string[] {
  return [...new Set([foldName(username), foldName(displayName)])];
}

/** An account without its password. */
export function publicPart({ id, username, displayName, role, createdAt }: StoredAccount): Account {
  return { id, username, displayName, role, createdAt };
}
