/**
 * What hosts did to keep a room in order: an event for a day, and an open act until its row is written.
 *
 * | key | value |
 * | --- | --- |
 * | `["moderation", room, id]` | {@link ModerationEvent}; deleted after a day |
 * | `["moderation_open", id]` | {@link OpenAct}; deleted in the commit that holds its row |
 *
 * Both are written in the commit that carries out the act, or begins to. So an act whose process dies has its row all
 * the same, once: another process finds it here, and the row is recognised by the act's id like a message by its
 * client id.
 */
import { ulid } from "ulid";
import type { Act } from "../../messages/entries/entry.ts";
import type { CommitHook } from "../../messages/message_log.ts";
import type { User } from "../../user.ts";

/** One act of a host. */
export interface ModerationEvent {
  readonly id: string;
  readonly act: Act;
  /** The name of the host. */
  readonly by: string;
  /** The name of the person whom it was about; `""` when it was about the room. */
  readonly whom: string;
  /** More about it, such as `10 min`; may be `""`. */
  readonly detail: string;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
}

/** What a host does. */
export interface HostAct extends Pick<ModerationEvent, "act" | "whom" | "detail"> {
  /** Of `approved` and `refused`: the id of the message that waited. */
  readonly pending?: string;
  /** Of `banned`: the id of the person's account, if they have one. */
  readonly account?: string;
  /** Of `deleted_all`: whose messages, by the id of the person or by name. */
  readonly whose?: { readonly person: string } | { readonly username: string };
}

/** An act whose row isn't written yet. */
export interface OpenAct extends HostAct {
  readonly id: string;
  readonly room: string;
  readonly host: User;
}

const EVENT = "moderation";
const OPEN = "moderation_open";
const KEPT_MS = 24 * 60 * 60 * 1000;
/** Begins the client ids of rows; those of people may, too. */
const ROW = "act/";

/** Stores and reads acts. */
export class ModerationEvents {
  readonly #kv: Deno.Kv;
  readonly #now: () => number;

  /** `now` is in milliseconds since the epoch. */
  constructor({ kv, now }: { kv: Deno.Kv; now: () => number }) {
    this.#kv = kv;
    this.#now = now;
  }

  /** Adds an act to the commit that carries it out, or begins to. */
  add(commit: Deno.AtomicOperation, room: string, { standing: _, ...host }: User, given: HostAct): OpenAct {
    const at = this.#now();
    const { act, whom, detail } = given;
    const id = ulid(at);
    const event: ModerationEvent = {
      ...{ id, act, whom, detail },
      by: host.name,
      timestamp: new Date(at).toISOString(),
    };
    const open: OpenAct = { ...given, id, room, host };
    commit.set([EVENT, room, id], event, { expireIn: KEPT_MS }).set([OPEN, id], open);
    return open;
  }

  /** Keeps an act that no other commit carries out. */
  async begin(room: string, host: User, act: HostAct): Promise<OpenAct> {
    const commit = this.#kv.atomic();
    const open = this.add(commit, room, host, act);
    await commit.commit();
    return open;
  }

  /** Whether the row of an act is still to be written. */
  async isOpen({ id }: OpenAct): Promise<boolean> {
    return (await this.#kv.get([OPEN, id])).value !== null;
  }

  /** The acts of the last day, the newest first, at most `limit`. */
  async list(room: string, limit: number): Promise<ModerationEvent[]> {
    const entries = this.#kv.list<ModerationEvent>({ prefix: [EVENT, room] }, { reverse: true, limit });
    const all = await Array.fromAsync(entries, ({ value }) => value);
    return all.filter(({ timestamp }) => this.#now() - Date.parse(timestamp) < KEPT_MS);
  }

  /** The acts whose rows aren't written yet, the oldest first. */
  async open(): Promise<OpenAct[]> {
    return await Array.fromAsync(this.#kv.list<OpenAct>({ prefix: [OPEN] }), ({ value }) => value);
  }
}

/** The client id under which the row of an act is written. */
export function rowIdOf({ id }: Pick<OpenAct, "id">): string {
  return ROW + id;
}

/** Closes acts in the commits that hold their rows. */
export const actRows: CommitHook = {
  add(commit, items) {
    for (const { draft: { change }, resend } of items) {
      if (!change || !resend?.clientId.startsWith(ROW)) continue;
      // People choose client ids, but never write such entries.
      if (ACTS.has(change.entry)) commit.delete([OPEN, resend.clientId.slice(ROW.length)]);
    }
  },
};

const ACTS: ReadonlySet<string> = new Set<Act>([
  "muted",
  "unmuted",
  "banned",
  "unbanned",
  "approved",
  "refused",
  "deleted_all",
  "rules",
]);
