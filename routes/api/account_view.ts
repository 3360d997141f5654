/** Accounts, sessions and tokens as the API shows them. */
import type { Account } from "../../rooms/access/accounts.ts";
import type { Credential } from "../../rooms/access/credentials.ts";
import type { User } from "../../rooms/user.ts";
import type { Caller } from "../authentication.ts";

/** An account in an answer; times in ISO 8601. */
export interface AccountView {
  readonly id: string;
  readonly username: string;
  readonly display_name: string;
  readonly role: string;
  readonly created_at: string;
}

/** An account as the API shows it. */
export function viewAccount({ id, username, displayName, role, createdAt }: Account): AccountView {
  return { id, username, display_name: displayName, role, created_at: createdAt };
}

/** The caller as the API shows it, a guest included. */
export function viewCaller({ account, user }: Caller): AccountView | { username: string; role: string } {
  return account && user.role !== "service" ? viewAccount(account) : viewUser(user);
}

function viewUser({ name, role }: User): { username: string; role: string } {
  return { username: name, role: role ?? "guest" };
}

/** A session or token in an answer; times in ISO 8601. */
export interface CredentialView {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly used_at: string;
  readonly ends_at: string;
}

/** A session or token as the API shows it; `endsAt` in ms since the epoch. */
export function viewCredential({ id, name, createdAt, usedAt }: Credential, endsAt: number): CredentialView {
  return {
    id,
    name,
    created_at: new Date(createdAt).toISOString(),
    used_at: new Date(usedAt).toISOString(),
    ends_at: new Date(endsAt).toISOString(),
  };
}
