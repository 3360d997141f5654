/**
 * Invitations into a room: secret links for guests, who are let in for as long as the invitation lasts, and for accounts,
 * who may become members by one.
 *
 * | key | value |
 * | --- | --- |
 * | `["invitation", room, id]` | {@link Invitation} |
 * | `["invitation_code", SHA-256 of the code]` | `{ room, id }` |
 * | `["invited", room, user id]` | the id of the invitation that this user used last |
 * | `["invitation_guest", room, id, user id]` | {@link InvitedPerson}; deleted with the invitation |
 *
 * A code has 128 random bits and isn't stored: reading the database gives no way in. `RoomPermissions.invitations` has the ids
 * of valid invitations, so that sockets close as soon as one is revoked.
 */
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import type { PermissionStore, RoomPermissions } from "../room_permissions.ts";
import { hasAccount, isBadged, type User } from "../../user.ts";

/** An invitation, without its code. */
export interface Invitation {
  readonly id: string;
  /** The purpose, as its maker wrote it; may be `""`. */
  readonly name: string;
  /** What it makes of an account: a `member` for good, or a `guest` until it ends. */
  readonly role: "guest" | "member";
  /** The most people who may use it; 0: no limit. */
  readonly uses: number;
  /** The number of people who have used it. */
  readonly used: number;
  /** In milliseconds since the epoch, like all times here. */
  readonly createdAt: number;
  readonly endsAt: number;
  /** The name of the person who made it. */
  readonly by: string;
}

/** Somebody who used an invitation. */
export interface InvitedPerson {
  readonly name: string;
  readonly at: number;
}

/** By which invitation somebody may be in a room, and until when. */
export interface Admission {
  readonly invitation: string;
  readonly endsAt: number;
}

/** What a code opens. */
export interface Opening {
  readonly room: string;
  readonly invitation: Invitation;
  /** Why nobody else may use it. */
  readonly refusal: "ended" | "used_up" | undefined;
}

/** The most valid invitations of one room. */
export const MAX_INVITATIONS = 100;
/** The list shows an invitation for this time after its end. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1000;
/** The most tries of a commit while other processes change the same keys. */
const MAX_TRIES = 20;
const CODE = /^[\w-]{22}$/;

/** The room has too many invitations. */
export class TooManyInvitationsError extends Error {
  override readonly name = "TooManyInvitationsError";
}

/** Makes, redeems and revokes invitations. */
export class Invitations {
  readonly #kv: Deno.Kv;
  readonly #roomPermissions: PermissionStore;
  readonly #now: () => number;
  /** A whole class redeems one code at once: one after the other, because parallel commits would conflict. */
  #redeeming: Promise<unknown> = Promise.resolve();

  /** `now` is in milliseconds since the epoch. */
  constructor(parts: { kv: Deno.Kv; roomPermissions: PermissionStore; now: () => number }) {
    this.#kv = parts.kv;
    this.#roomPermissions = parts.roomPermissions;
    this.#now = parts.now;
  }

  /**
   * Makes an invitation that ends after `lifeMs`, and its code, which isn't stored.
   *
   * @throws {TooManyInvitationsError} when {@link MAX_INVITATIONS} of the room are valid.
   */
  async create(
    room: string,
    { lifeMs, ...wanted }: Pick<Invitation, "name" | "role" | "uses" | "by"> & { lifeMs: number },
  ): Promise<{ invitation: Invitation; code: string }> {
    const now = this.#now();
    const before = (await this.#roomPermissions.of(room)).invitations ?? [];
    const valid = new Set((await this.list(room)).filter(({ endsAt }) => endsAt > now).map(({ id }) => id));
    const ended = new Set(before).difference(valid);
    const code = randomBytes(16).toString("base64url");
    const id = randomBytes(12).toString("base64url");
    const invitation: Invitation = { id, ...wanted, used: 0, createdAt: now, endsAt: now + lifeMs };
    const kept = { expireIn: lifeMs + KEPT_MS };
    await this.#roomPermissions.change(
      room,
      ({ invitations = [], ...permissions }): RoomPermissions => {
        const others = invitations.filter((other) => !ended.has(other));
        if (others.length < MAX_INVITATIONS) return { ...permissions, invitations: [...others, id] };
        throw new TooManyInvitationsError(`A room has at most ${MAX_INVITATIONS} invitations at a time`);
      },
      (commit) => commit.set(keyOf(room, id), invitation, kept).set(codeKey(code), { room, id }, kept),
    );
    return { invitation, code };
  }

  /** The room's invitations, the newest first, including those that ended in the last 30 days. */
  async list(room: string): Promise<Invitation[]> {
    const entries = this.#kv.list<Invitation>({ prefix: [INVITATION, room] });
    const all = await Array.fromAsync(entries, ({ value }) => value);
    return all.sort((a, b) => b.createdAt - a.createdAt);
  }

  /** The people who used an invitation, the first one first, at most `limit`. */
  async people(room: string, id: string, limit: number): Promise<InvitedPerson[]> {
    const entries = this.#kv.list<InvitedPerson>({ prefix: [GUEST, room, id] }, { limit });
    const people = await Array.fromAsync(entries, ({ value }) => value);
    return people.sort((a, b) => a.at - b.at);
  }

  /** Ends an invitation and disconnects its guests; false when the room has no valid invitation with this id. */
  async revoke(room: string, id: string): Promise<boolean> {
    const { value: invitation } = await this.#kv.get<Invitation>(keyOf(room, id));
    const now = this.#now();
    if (!invitation || invitation.endsAt <= now) return false;
    const prefix = [GUEST, room, id];
    const came = new Set(await Array.fromAsync(this.#kv.list({ prefix }), ({ key }) => String(key[3])));
    await this.#roomPermissions.change(
      room,
      ({ invitations = [], members, ...permissions }): RoomPermissions => ({
        ...permissions,
        members: invitation.role === "member" ? members.filter((member) => !came.has(member)) : members,
        invitations: invitations.filter((valid) => valid !== id),
      }),
      (commit) => commit.set(keyOf(room, id), { ...invitation, endsAt: now }, { expireIn: KEPT_MS }),
    );
    return true;
  }

  /** The room and invitation of a code; `undefined` when there is no such code. */
  async find(code: string): Promise<Opening | undefined> {
    return (await this.#found(code))?.opening;
  }

  /**
   * Lets an account or a guest in by a code. A guest with a badge gets in again without the code, and a person who used the
   * invitation before isn't counted again.
   */
  async redeem(code: string, user: User): Promise<Opening | undefined> {
    const redeemed = this.#redeeming.then(() => this.#redeem(code, user));
    this.#redeeming = redeemed.catch(() => {});
    return await redeemed;
  }

  /**
   * The valid invitation by which a user may be in a room; `undefined` without one. `by` is the id of the invitation whose
   * code is in the request.
   */
  async admission(room: string, userId: string, by?: string): Promise<Admission | undefined> {
    const invitation = by ?? (await this.#kv.get<string>([INVITED, room, userId])).value;
    if (!invitation) return undefined;
    const { value } = await this.#kv.get<Invitation>(keyOf(room, invitation));
    return value && value.endsAt > this.#now() ? { invitation, endsAt: value.endsAt } : undefined;
  }

  async #redeem(code: string, user: User): Promise<Opening | undefined> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const found = await this.#found(code);
      if (!found || found.opening.refusal === "ended") return found?.opening;
      const { opening, entry } = found;
      const { room, invitation } = opening;
      // Without a badge nobody knows whether it is the same guest, whatever its name is.
      const isKnown = hasAccount(user) || isBadged(user.id);
      const person = [GUEST, room, invitation.id, isKnown ? user.id : `${user.id}/${crypto.randomUUID()}`];
      if ((await this.#kv.get(person)).value) return { ...opening, refusal: undefined };
      if (opening.refusal) return opening;
      const now = this.#now();
      const kept = { expireIn: invitation.endsAt - now + KEPT_MS };
      const came: InvitedPerson = { name: user.name, at: now };
      const used = { ...invitation, used: invitation.used + 1 };
      const commit = this.#kv.atomic().check(entry).set(entry.key, used, kept).set(person, came, kept);
      if (isKnown) {
        commit.set([INVITED, room, user.id], invitation.id, { expireIn: invitation.endsAt - now });
      }
      if (!(await commit.commit()).ok) continue;
      if (invitation.role === "member" && hasAccount(user)) await this.#makeMember(room, user);
      return { ...opening, invitation: used };
    }
    throw new Error(`Redeeming an invitation failed: others redeemed it ${MAX_TRIES} times meanwhile`);
  }

  async #makeMember(room: string, { id }: User): Promise<void> {
    await this.#roomPermissions.change(room, (permissions) => ({
      ...permissions,
      members: [...new Set([...permissions.members, id])],
    }));
  }

  async #found(
    code: string,
  ): Promise<{ opening: Opening; entry: Deno.KvEntry<Invitation> } | undefined> {
    if (!CODE.test(code)) return undefined;
    const { value } = await this.#kv.get<{ room: string; id: string }>(codeKey(code));
    if (!value) return undefined;
    const { room, id } = value;
    const entry = await this.#kv.get<Invitation>(keyOf(room, id));
    if (entry.value === null) return undefined;
    const invitation = entry.value;
    const isUsedUp = invitation.uses > 0 && invitation.used >= invitation.uses;
    const refusal = invitation.endsAt <= this.#now() ? "ended" : isUsedUp ? "used_up" : undefined;
    return { opening: { room, invitation, refusal }, entry };
  }
}

const INVITATION = "invitation";
const CODES = "invitation_code";
const INVITED = "invited";
const GUEST = "invitation_guest";

function keyOf(room: string, id: string): Deno.KvKey {
  return [INVITATION, room, id];
}

function codeKey(code: string): Deno.KvKey {
  return [CODES, createHash("sha256").update(Buffer.from(code, "base64url")).digest("base64url")];
}
