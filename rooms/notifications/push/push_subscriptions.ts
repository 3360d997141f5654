/**
 * The browsers to which pushes of accounts go.
 *
 * | key | value |
 * | --- | --- |
 * | `["push", account, id]` | a {@link PushSubscription}; `id` is a hash of its endpoint |
 * | `["push_owner", id]` | the account whose subscription this is: an endpoint belongs to one |
 * | `["push_room", room, account]` | `true` for rooms of accounts with subscriptions; keys of other accounts are removed when found |
 * | `["push_used"]` | `true` once there was any subscription |
 */
import { createHash } from "node:crypto";

/** A browser that gets pushes, as it stated itself, and its session. */
export interface PushSubscription {
  /** The address of the push service for this browser. */
  readonly endpoint: string;
  /** Base64url, as in `PushSubscription.toJSON()`. */
  readonly keys: { readonly p256dh: string; readonly auth: string };
  /** The id of the session that made it: it ends with that. */
  readonly session: string;
  /** When it was made, in milliseconds since the epoch. */
  readonly at: number;
}

/** A subscription and its key. */
export type StoredSubscription = PushSubscription & { readonly account: string; readonly id: string };

const PUSH = "push";
const OWNER = "push_owner";
const ROOM = "push_room";
const USED = ["push_used"];
/** Subscriptions of one account: a further one replaces the oldest. */
const MOST_KEPT = 20;

/** Stores subscriptions. */
export class PushSubscriptions {
  readonly #kv: Deno.Kv;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** Whether there was ever a subscription. */
  async isUsed(): Promise<boolean> {
    return (await this.#kv.get(USED)).value === true;
  }

  /** Adds a subscription of an account with these rooms; another account that used this browser loses it. */
  async add(account: string, subscription: PushSubscription, rooms: readonly string[]): Promise<void> {
    const id = idOf(subscription.endpoint);
    const owner = await this.#kv.get<string>([OWNER, id]);
    const commit = this.#kv.atomic().check(owner);
    if (owner.value !== null && owner.value !== account) commit.delete([PUSH, owner.value, id]);
    commit.set([PUSH, account, id], subscription).set([OWNER, id], account).set(USED, true);
    if (!(await commit.commit()).ok) return await this.add(account, subscription, rooms);
    const all = (await this.of(account)).sort((a, b) => a.at - b.at);
    for (const { id } of all.slice(0, Math.max(0, all.length - MOST_KEPT))) await this.remove(account, id);
    for (const room of rooms) await this.#kv.set([ROOM, room, account], true);
  }

  /** The subscriptions of an account. */
  async of(account: string): Promise<StoredSubscription[]> {
    const entries = this.#kv.list<PushSubscription>({ prefix: [PUSH, account] });
    return await Array.fromAsync(entries, ({ key, value }) => ({ ...value, account, id: String(key[2]) }));
  }

  /** One subscription; `undefined` when it has ended. */
  async find(account: string, id: string): Promise<StoredSubscription | undefined> {
    const { value } = await this.#kv.get<PushSubscription>([PUSH, account, id]);
    return value === null ? undefined : { ...value, account, id };
  }

  /** Ends a subscription. */
  async remove(account: string, id: string): Promise<void> {
    const owner = await this.#kv.get<string>([OWNER, id]);
    const commit = this.#kv.atomic().delete([PUSH, account, id]);
    if (owner.value === account) commit.check(owner).delete([OWNER, id]);
    await commit.commit();
  }

  /** Ends the subscription with an endpoint, if it is the account's. */
  async removeEndpoint(account: string, endpoint: string): Promise<void> {
    await this.remove(account, idOf(endpoint));
  }

  /** An account that has subscriptions has entered a room. */
  async entered(account: string, room: string): Promise<void> {
    if ((await this.of(account)).length) await this.#kv.set([ROOM, room, account], true);
  }

  /** The accounts to which pushes about a room may go. */
  async *accountsOf(room: string): AsyncGenerator<string> {
    for await (const { key } of this.#kv.list({ prefix: [ROOM, room] })) yield String(key[2]);
  }

  /** Ends pushes about a room for an account. */
  async leave(account: string, room: string): Promise<void> {
    await this.#kv.delete([ROOM, room, account]);
  }
}

function idOf(endpoint: string): string {
  return createHash("sha256").update(endpoint).digest("base64url");
}
