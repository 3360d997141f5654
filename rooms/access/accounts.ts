/**
 * Accounts: people who can prove who they are.
 *
 * | key | value |
 * | --- | --- |
 * | `["account", id]` | the account, its password as a hash |
 * | `["account_name", folded]` | the id of the account that owns this name |
 *
 * An account owns its user name and its display name, each in its folded form (`foldName`): nobody else can have
 * either, nor can a guest speak under it.
 */
import { ulid } from "ulid";
import type { ChangeFeed } from "../kv/change_feed.ts";
import { MAX_NAME_LENGTH } from "../user.ts";
import { accountName, commonStart, foldName, MAX_FOLDED_LENGTH, withoutLast } from "./account_name.ts";
import { NameIndex } from "./name_index.ts";
import type { Passwords } from "./passwords.ts";
import { foldStoredNames, storedFormsOf } from "./stored_names.ts";

export type Role = "user" | "admin";

export interface Account {
  /** A ULID. */
  readonly id: string;
  /** What is typed to sign in. */
  readonly username: string;
  /** What the others read. */
  readonly displayName: string;
  readonly role: Role;
  /** ISO 8601 */
  readonly createdAt: string;
}

interface StoredAccount extends Account {
  readonly password: string;
}

/** What an account is made of. */
export interface NewAccount {
  readonly username: string;
  readonly password: string;
  readonly displayName?: string;
  readonly role: Role;
}

/** An account can't be made or changed as asked for. */
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

const ACCOUNT = "account";
const NAME = "account_name";
const MIN_PASSWORD_LENGTH = 10;
const MAX_PASSWORD_LENGTH = 256;
/** With more accounts than this they are counted once in so long, and not after each change. */
const MANY = 1_000;
const COUNT_EVERY_MS = 60_000;
/** Tries of a change that others' changes get in the way of. */
const MAX_TRIES = 10;

/** Where an account is kept, for those who read it together with something else. */
export function accountKey(id: string): Deno.KvKey {
  return [ACCOUNT, id];
}

export class Accounts {
  readonly #kv: Deno.Kv;
  readonly #changes: ChangeFeed;
  readonly #passwords: Passwords;
  readonly #now: () => number;
  readonly #names: NameIndex;
  #count = 0;
  #countedAt = -Infinity;
  #isCountOld = true;

  constructor(parts: { kv: Deno.Kv; changes: ChangeFeed; passwords: Passwords; now: () => number }) {
    this.#kv = parts.kv;
    this.#changes = parts.changes;
    this.#passwords = parts.passwords;
    this.#now = parts.now;
    this.#names = new NameIndex(() => this.#nameIndex(), parts.changes);
    parts.changes.listen(({ type }) => {
      if (type === "names" || type === "account" || type === "unknown") this.#isCountOld = true;
    });
  }

  /** Makes names that an earlier version stored findable; needed once, before any is looked up. */
  async open(): Promise<void> {
    await foldStoredNames(this.#kv, NAME);
  }

  /** Makes an account. Throws {@link AccountError}. */
  async create({ username, password, displayName, role }: NewAccount): Promise<Account> {
    // A name that can't be had is taken first of all where only what nobody sees tells it from another.
    if (await this.owns(username)) throw nameTaken();
    const account: Account = {
      id: ulid(),
      username: validName(username),
      displayName: validName(displayName || username),
      role,
      createdAt: new Date(this.#now()).toISOString(),
    };
    validPassword(password, account);
    const hash = await this.#passwords.hash(password);
    const commit = this.#kv.atomic().set(accountKey(account.id), { ...account, password: hash });
    for (const name of namesOf(account)) {
      commit.check({ key: [NAME, name], versionstamp: null }).set([NAME, name], account.id);
    }
    this.#changes.add(commit, { type: "names", names: namesOf(account) });
    if ((await commit.commit()).ok) {
      this.#names.add(namesOf(account));
      return account;
    }
    throw nameTaken();
  }

  async byId(id: string): Promise<Account | undefined> {
    const { value } = await this.#kv.get<StoredAccount>(accountKey(id));
    return value ? publicPart(value) : undefined;
  }

  /** The account of that name, in whatever case or width it is written. */
  async named(name: string): Promise<Account | undefined> {
    const entry = await this.#stored(name);
    return entry && publicPart(entry.value);
  }

  /** The account that owns a name, be it what it signs in by or what the others read. */
  async owner(name: string): Promise<Account | undefined> {
    const id = await this.#idOf(name);
    return id === undefined ? undefined : await this.byId(id);
  }

  /**
   * The account with the longest name that a folded text begins with and that `mayEnd` there. Names are looked up from
   * the text downwards: the next lower one either is it, or tells how much of the text the others can share.
   */
  async longestName(text: string, mayEnd: (name: string) => boolean): Promise<Account | undefined> {
    let rest = text.slice(0, MAX_FOLDED_LENGTH).toWellFormed();
    while (rest) {
      const below = this.#kv.list<string>({ start: [NAME, ""], end: [NAME, `${rest}\0`] }, {
        reverse: true,
        limit: 1,
      });
      const { value: entry } = await below.next();
      if (!entry) return undefined;
      const name = String(entry.key[1]);
      if (text.startsWith(name) && mayEnd(name)) return await this.byId(entry.value);
      rest = name === rest ? withoutLast(name) : commonStart(name, rest);
    }
  }

  /** Whether a name of an account may begin with this character, folded; as certain as {@link owns}, but at once. */
  mayBeginName(initial: string): boolean {
    return this.#names.mayBegin(initial);
  }

  /** Whether a name belongs to an account; one that another process just made may not be known yet, see `NameIndex`. */
  async owns(name: string): Promise<boolean> {
    if (!this.#names.mayOwn(foldName(name))) return false;
    return await this.#idOf(name) !== undefined;
  }

  /**
   * The account of that name if the password is its own, and what has to be unchanged when something is made of that:
   * a password may be changed while it is being checked. It takes as long for a name that nobody has.
   */
  async signIn(
    username: string,
    password: string,
  ): Promise<{ account: Account; unchanged: Deno.AtomicCheck } | undefined> {
    const entry = await this.#stored(username);
    const isRight = await this.#passwords.matches(password, entry?.value.password);
    return entry && isRight ? { account: publicPart(entry.value), unchanged: entry } : undefined;
  }

  /** Throws {@link AccountError}. */
  async changePassword(id: string, password: string): Promise<void> {
    const account = await this.byId(id);
    if (!account) throw notFound();
    validPassword(password, account);
    const hash = await this.#passwords.hash(password);
    await this.#change(id, (stored) => ({ ...stored, password: hash }));
  }

  /** Changes what the others read; the old name is free again. Throws {@link AccountError}. */
  async changeDisplayName(id: string, displayName: string): Promise<void> {
    const name = validName(displayName);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const entry = await this.#kv.get<StoredAccount>(accountKey(id));
      if (!entry.value) throw notFound();
      const renamed = { ...entry.value, displayName: name };
      const { username, displayName } = entry.value;
      const [before, after] = [storedFormsOf([username, displayName]), namesOf(renamed)];
      const kept = [...after, ...storedFormsOf([username])];
      const commit = this.#kv.atomic().check(entry).set(entry.key, renamed);
      for (const old of before) {
        if (kept.includes(old)) continue;
        if ((await this.#kv.get<string>([NAME, old])).value === id) commit.delete([NAME, old]);
      }
      const added = after.filter((name) => !before.has(name));
      for (const name of added) {
        if ((await this.#kv.get([NAME, name])).value !== null) throw nameTaken();
        commit.check({ key: [NAME, name], versionstamp: null }).set([NAME, name], id);
      }
      this.#changes.add(commit, { type: "names", names: added });
      if (!(await commit.commit()).ok) continue;
      this.#names.add(added);
      return await this.#changes.make({ type: "account", id });
    }
    throw new Error(`Renaming account ${id} failed: others changed it ${MAX_TRIES} times meanwhile`);
  }

  /** Throws {@link AccountError}, also for the last admin, who stays one. */
  async changeRole(id: string, role: Role): Promise<void> {
    await this.#change(
      id,
      (stored) => ({ ...stored, role }),
      (commit, stored) => role === "admin" ? undefined : this.#keepAnAdmin(commit, stored),
    );
  }

  /** Removes an account; its names are free again. Throws {@link AccountError}, also for the last admin's. */
  async remove(id: string): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const entry = await this.#kv.get<StoredAccount>(accountKey(id));
      if (!entry.value) throw notFound();
      const { username, displayName } = entry.value;
      const commit = this.#kv.atomic().check(entry).delete(accountKey(id));
      for (const name of storedFormsOf([username, displayName])) {
        const key = [NAME, name];
        if ((await this.#kv.get<string>(key)).value === id) commit.delete(key);
      }
      await this.#keepAnAdmin(commit, entry.value);
      if ((await this.#changes.add(commit, { type: "account", id }).commit()).ok) return;
    }
    throw new Error(`Removing account ${id} failed: others changed it ${MAX_TRIES} times meanwhile`);
  }

  /** All accounts, in the order in which they were made. */
  async *list(): AsyncGenerator<Account> {
    for await (const { value } of this.#kv.list<StoredAccount>({ prefix: [ACCOUNT] })) {
      yield publicPart(value);
    }
  }

  /** How many accounts there are, or were a minute ago. */
  async count(): Promise<number> {
    const isRecent = this.#count > MANY && this.#now() - this.#countedAt < COUNT_EVERY_MS;
    if (!this.#isCountOld || isRecent) return this.#count;
    this.#isCountOld = false;
    this.#countedAt = this.#now();
    let count = 0;
    try {
      for await (const _ of this.#kv.list({ prefix: [ACCOUNT] })) count++;
    } catch (error) {
      this.#isCountOld = true;
      throw error;
    }
    return this.#count = count;
  }

  async #stored(name: string): Promise<Deno.KvEntry<StoredAccount> | undefined> {
    const id = await this.#idOf(name);
    if (id === undefined) return undefined;
    const entry = await this.#kv.get<StoredAccount>(accountKey(id));
    // Signing in is by the user name; that somebody is called so is not enough.
    return entry.value && foldName(entry.value.username) === foldName(name) ? entry : undefined;
  }

  async *#nameIndex(): AsyncGenerator<string> {
    for await (const { key } of this.#kv.list({ prefix: [NAME] }, { batchSize: 500 })) yield String(key[1]);
  }

  async #idOf(name: string): Promise<string | undefined> {
    for (const folded of storedFormsOf([name])) {
      const { value } = await this.#kv.get<string>([NAME, folded]);
      if (value) return value;
    }
  }

  /**
   * Lets a commit that takes an admin away only go through while another one is an admin: of two who take each other
   * away at once, one fails.
   */
  async #keepAnAdmin(commit: Deno.AtomicOperation, { id, role }: StoredAccount): Promise<void> {
    if (role !== "admin") return;
    for await (const other of this.#kv.list<StoredAccount>({ prefix: [ACCOUNT] })) {
      if (other.value.role === "admin" && other.value.id !== id) return void commit.check(other);
    }
    throw new AccountError("last_admin", "This is the last admin: make somebody else an admin first");
  }

  async #change(
    id: string,
    change: (stored: StoredAccount) => StoredAccount,
    onlyIf: (commit: Deno.AtomicOperation, stored: StoredAccount) => Promise<void> | undefined = () =>
      undefined,
  ): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const entry = await this.#kv.get<StoredAccount>(accountKey(id));
      if (!entry.value) throw notFound();
      const commit = this.#kv.atomic().check(entry).set(entry.key, change(entry.value));
      await onlyIf(commit, entry.value);
      if ((await this.#changes.add(commit, { type: "account", id }).commit()).ok) return;
    }
    throw new Error(`Changing account ${id} failed: others changed it ${MAX_TRIES} times meanwhile`);
  }
}

function validName(name: string): string {
  const valid = accountName(name);
  if (valid !== undefined) return valid;
  throw new AccountError(
    "invalid_username",
    `A name has 1 to ${MAX_NAME_LENGTH} characters that people can see, no check marks, and can't be one that stands for nobody, such as Anonymous, or for the service`,
  );
}

function validPassword(password: string, account: Account): void {
  const { length } = [...password];
  if (length < MIN_PASSWORD_LENGTH || length > MAX_PASSWORD_LENGTH) {
    const wanted = `A password has ${MIN_PASSWORD_LENGTH} to ${MAX_PASSWORD_LENGTH} characters`;
    throw new AccountError("invalid_password", wanted);
  }
  if (namesOf(account).includes(foldName(password))) {
    throw new AccountError("invalid_password", "A password can't be the account's own name");
  }
}

/** The names that an account owns, folded. */
function namesOf({ username, displayName }: Account): string[] {
  return [...new Set([foldName(username), foldName(displayName)])];
}

function publicPart({ id, username, displayName, role, createdAt }: StoredAccount): Account {
  return { id, username, displayName, role, createdAt };
}

function nameTaken(): AccountError {
  return new AccountError("username_taken", "This name is taken; choose another one");
}

function notFound(): AccountError {
  return new AccountError("not_found", "There is no such account");
}
