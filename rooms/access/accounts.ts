/**
 * All accounts.
 *
 * An account owns its user name and its display name, see `NameRegistry`: no other account can have either, and no
 * guest can speak under it.
 */
import { ulid } from "ulid";
import type { Change, ChangeFeed } from "../kv/change_feed.ts";
import {
  type Account,
  AccountError,
  accountKey,
  ACCOUNTS,
  namesOf,
  type NewAccount,
  publicPart,
  type Role,
  type StoredAccount,
  validatePassword,
  validName,
} from "./account.ts";
import { AccountCount } from "./account_count.ts";
import { foldName } from "./fold_name.ts";
import { NameRegistry } from "./name_registry.ts";
import type { Passwords } from "./passwords.ts";
import { storedFormsOf } from "./legacy_names.ts";

export { type Account, AccountError, accountKey, type Role };

/** Tries of a change that others' changes interrupt. */
const MAX_TRIES = 10;

/** Creates, finds, changes and removes accounts. */
export class Accounts {
  readonly #kv: Deno.Kv;
  readonly #changes: ChangeFeed;
  readonly #passwords: Passwords;
  readonly #now: () => number;
  readonly #names: NameRegistry;
  readonly #count: AccountCount;

  /** `now` is in milliseconds since the epoch. */
  constructor(parts: { kv: Deno.Kv; changes: ChangeFeed; passwords: Passwords; now: () => number }) {
    this.#kv = parts.kv;
    this.#changes = parts.changes;
    this.#passwords = parts.passwords;
    this.#now = parts.now;
    this.#names = new NameRegistry(parts.kv, parts.changes);
    this.#count = new AccountCount(() => this.list(), parts.changes, parts.now);
  }

  /** Makes names that an earlier version stored findable; needed once, before any is looked up. */
  async open(): Promise<void> {
    await this.#names.open();
  }

  /**
   * Creates an account.
   *
   * @throws {AccountError} when its name is taken or not allowed, or its password is too weak.
   * @throws {BusyError} when too many passwords are being hashed.
   */
  async create({ username, password, displayName, role }: NewAccount): Promise<Account> {
    // Checked first: of a name that differs from a taken one in invisible characters alone, this is the useful message.
    if (await this.owns(username)) throw nameTaken();
    const account: Account = {
      id: ulid(),
      username: validName(username),
      displayName: validName(displayName || username),
      role,
      createdAt: new Date(this.#now()).toISOString(),
    };
    validatePassword(password, account);
    const hash = await this.#passwords.hash(password);
    const names = namesOf(account);
    const commit = this.#kv.atomic().set(accountKey(account.id), { ...account, password: hash });
    this.#names.take(commit, names, account.id);
    if (!(await this.#changes.add(commit, { type: "names", names }).commit()).ok) throw nameTaken();
    this.#names.taken(names);
    return account;
  }

  /** The account with that id. */
  async byId(id: string): Promise<Account | undefined> {
    const { value } = await this.#kv.get<StoredAccount>(accountKey(id));
    return value ? publicPart(value) : undefined;
  }

  /** The account with that user name, in any case or width. */
  async named(name: string): Promise<Account | undefined> {
    const entry = await this.#stored(name);
    return entry && publicPart(entry.value);
  }

  /** The account that owns a name, as its user name or its display name. */
  async owner(name: string): Promise<Account | undefined> {
    const id = await this.#names.owner(name);
    return id === undefined ? undefined : await this.byId(id);
  }

  /** The account with the longest name that a folded text begins with and that `mayEnd` there. */
  async longestName(text: string, mayEnd: (name: string) => boolean): Promise<Account | undefined> {
    const id = await this.#names.longestAtStart(text, mayEnd);
    return id === undefined ? undefined : await this.byId(id);
  }

  /** Whether a name of an account may begin with this folded character; as certain as {@link owns}, but at once. */
  mayBeginName(initial: string): boolean {
    return this.#names.mayBegin(initial);
  }

  /** Whether an account owns a name. One that another process created within the last second may not be known yet. */
  async owns(name: string): Promise<boolean> {
    return await this.#names.isOwned(name);
  }

  /**
   * Whether an account other than `except`, the id of one, owns a name or one that looks like it: then nobody else may call
   * themselves so. As certain as {@link owns}.
   */
  async ownsAlike(name: string, except?: string): Promise<boolean> {
    for (const alike of await this.#names.alike(name)) {
      const owner = await this.#names.owner(alike);
      if (owner !== undefined && owner !== except) return true;
    }
    return false;
  }

  /**
   * The account with that user name if the password is right, and a check for commits that depend on it: the password
   * may be changed while it is compared. Takes as long for an unknown name.
   *
   * @throws {BusyError} when too many passwords are being compared.
   */
  async signIn(
    username: string,
    password: string,
  ): Promise<{ account: Account; unchanged: Deno.AtomicCheck } | undefined> {
    const entry = await this.#stored(username);
    const isRight = await this.#passwords.matches(password, entry?.value.password);
    return entry && isRight ? { account: publicPart(entry.value), unchanged: entry } : undefined;
  }

  /**
   * Changes an account's password.
   *
   * @throws {AccountError} when there is no such account, or the password is too weak.
   * @throws {BusyError} when too many passwords are being hashed.
   */
  async changePassword(id: string, password: string): Promise<void> {
    const account = await this.byId(id);
    if (!account) throw notFound();
    validatePassword(password, account);
    const hash = await this.#passwords.hash(password);
    await this.#change(id, (stored, commit) => {
      commit.set(accountKey(id), { ...stored, password: hash });
    });
  }

  /**
   * Changes the name that others read; the old one is free again.
   *
   * @throws {AccountError} when there is no such account, or the name is taken or not allowed.
   */
  async changeDisplayName(id: string, displayName: string): Promise<void> {
    const name = validName(displayName);
    let added: string[] = [];
    await this.#change(id, async (stored, commit) => {
      const renamed = { ...stored, displayName: name };
      const before = storedFormsOf([stored.username, stored.displayName]);
      const after = new Set(namesOf(renamed));
      added = [...after].filter((name) => !before.has(name));
      for (const name of added) if (!await this.#names.isFree(name)) throw nameTaken();
      const kept = after.union(storedFormsOf([stored.username]));
      await this.#names.free(commit, before.difference(kept), id);
      this.#names.take(commit, added, id);
      commit.set(accountKey(id), renamed);
      return { type: "names", names: added };
    });
    this.#names.taken(added);
    await this.#changes.make({ type: "account", id });
  }

  /**
   * Changes an account's role.
   *
   * @throws {AccountError} when there is no such account, or it is the last admin's and would be no admin any more.
   */
  async changeRole(id: string, role: Role): Promise<void> {
    await this.#change(id, async (stored, commit) => {
      if (role !== "admin") await this.#keepAnAdmin(stored, commit);
      commit.set(accountKey(id), { ...stored, role });
    });
  }

  /**
   * Removes an account; its names are free again.
   *
   * @throws {AccountError} when there is no such account, or it is the last admin's.
   */
  async remove(id: string): Promise<void> {
    await this.#change(id, async (stored, commit) => {
      await this.#names.free(commit, storedFormsOf([stored.username, stored.displayName]), id);
      await this.#keepAnAdmin(stored, commit);
      commit.delete(accountKey(id));
    });
  }

  /** All accounts, in the order of their creation. */
  async *list(): AsyncGenerator<Account> {
    for await (const { value } of this.#kv.list<StoredAccount>({ prefix: ACCOUNTS })) {
      yield publicPart(value);
    }
  }

  /** The number of accounts, which may be a minute old where there are more than a thousand. */
  async count(): Promise<number> {
    return await this.#count.read();
  }

  async #stored(name: string): Promise<Deno.KvEntry<StoredAccount> | undefined> {
    const id = await this.#names.owner(name);
    if (id === undefined) return undefined;
    const entry = await this.#kv.get<StoredAccount>(accountKey(id));
    // People sign in with the user name; the display name is not enough.
    return entry.value && foldName(entry.value.username) === foldName(name) ? entry : undefined;
  }

  /**
   * Lets a commit that removes an admin succeed only while another account is an admin: of two admins who remove each
   * other at once, one fails.
   */
  async #keepAnAdmin({ id, role }: StoredAccount, commit: Deno.AtomicOperation): Promise<void> {
    if (role !== "admin") return;
    for await (const other of this.#kv.list<StoredAccount>({ prefix: ACCOUNTS })) {
      if (other.value.role === "admin" && other.value.id !== id) return void commit.check(other);
    }
    throw new AccountError("last_admin", "This is the last admin: make somebody else an admin first");
  }

  /**
   * Makes the commit that `change` puts together for an account as it is stored, with the change that it returns for
   * the feed; again when somebody else changed the account meanwhile.
   */
  async #change(
    id: string,
    change: (stored: StoredAccount, commit: Deno.AtomicOperation) => void | Promise<void | Change>,
  ): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const entry = await this.#kv.get<StoredAccount>(accountKey(id));
      if (!entry.value) throw notFound();
      const commit = this.#kv.atomic().check(entry);
      const announced = await change(entry.value, commit) ?? { type: "account", id };
      if ((await this.#changes.add(commit, announced).commit()).ok) return;
    }
    throw new Error(`Changing account ${id} failed: others changed it ${MAX_TRIES} times meanwhile`);
  }
}

/** The error for a name that another account has, or that looks like it. */
export function nameTaken(): AccountError {
  return new AccountError("username_taken", "This name is taken; choose another one");
}

function notFound(): AccountError {
  return new AccountError("not_found", "There is no such account");
}
