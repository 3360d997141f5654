/** Accounts, sessions and tokens as the API shows them. */
import type { Account } from "../../rooms/access/accounts.ts";
import type { Credential } from "../../rooms/access/credentials.ts";
import type { User } from "../../rooms/user.ts";
import type { Caller } from "../authentication.ts";

export interface AccountView {
  readonly id: string;
  readonly username: string;
  readonly display_name: string;
  readonly role: string;
  readonly created_at: string;
}

export function viewAccount({ id, username, displayName, role, createdAt }: Account): AccountView {
  return { id, username, display_name: displayName, role, created_at: createdAt };
}

/** Whoever calls, a guest included. */
export function viewCaller({ account, user }: Caller): AccountView | { username: string; role: string } {
  return account && user.role !== "service" ? viewAccount(account) : viewUser(user);
}

function viewUser({ name, role }: User): { username: string; role: string } {
  return { username: name, role: role ?? "guest" };
}

export interface CredentialView {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly used_at: string;
  readonly ends_at: string;
}

export function viewCredential({ id, name, createdAt, usedAt }: Credential, endsAt: number): CredentialView {
  return {
    id,
    name,
    created_at: new Date(createdAt).toISOString(),
    used_at: new Date(usedAt).toISOString(),
    ends_at: new Date(endsAt).toISOString(),
  };
}
