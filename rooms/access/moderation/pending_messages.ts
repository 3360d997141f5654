/**
 * Messages that wait until a host approves them.
 *
 * | key | value |
 * | --- | --- |
 * | `["pending", room, id]` | {@link PendingMessage} that waits; deleted after a week |
 * | `["pending_decided", room, id]` | {@link DecidedMessage}; deleted after a day; until then a refusal can be changed |
 * | `["pending_sent", room, user id, client id, SHA-256 of the text]` | the id, so that a message that is sent again waits once |
 *
 * A decision is one commit: of two hosts at the same time one decides. The message is written after it, and recognised by
 * its client id if it is written again because a process died between the two, see `moderation_events.ts`.
 */
import { createHash } from "node:crypto";
import { ulid } from "ulid";
import type { ChangeFeed } from "../../kv/change_feed.ts";
import { FrameError } from "../../protocol.ts";
import type { PendingFrame } from "../../pending_frames.ts";
import { hasAccount, type User } from "../../user.ts";

/** A message that only hosts can see. */
export interface PendingMessage {
  readonly id: string;
  readonly user: User;
  /** The id of its author in the room's frames. */
  readonly person: string;
  readonly message: string;
  readonly replyTo: string | undefined;
  /** Identifies the message when its sender sends it again. */
  readonly clientId: string | undefined;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
}

/** A message that a host approved or refused. */
export interface DecidedMessage extends PendingMessage {
  readonly isApproved: boolean;
  /** The id of the message that it became; missing: it isn't written yet. */
  readonly messageId?: string;
}

/** The most messages that wait in one room. */
export const MAX_PENDING = 1_000;
/** The most messages of one person that wait in a room. */
const MAX_OF_ONE = 50;
const DAY_MS = 24 * 60 * 60 * 1000;
const WAITING_MS = 7 * DAY_MS;
const PENDING = "pending";
const DECIDED = "pending_decided";
const SENT = "pending_sent";

/** Keeps messages until they are decided on. */
export class PendingMessages {
  readonly #kv: Deno.Kv;
  readonly #changes: ChangeFeed;
  readonly #now: () => number;

  /** `now` is in milliseconds since the epoch. */
  constructor(parts: { kv: Deno.Kv; changes: ChangeFeed; now: () => number }) {
    this.#kv = parts.kv;
    this.#changes = parts.changes;
    this.#now = parts.now;
  }

  /**
   * Stores a message for approval; answers its id. A message that is sent again is stored once.
   *
   * @throws {FrameError} `backpressure` when too many wait, `not_allowed` when hosts refused it before.
   */
  async add(room: string, given: Omit<PendingMessage, "id" | "timestamp">): Promise<string> {
    const { clientId } = given;
    const now = this.#now();
    const item: PendingMessage = { ...given, id: ulid(now), timestamp: new Date(now).toISOString() };
    const sent = clientId === undefined ? undefined : sentKey(room, item);
    const known = sent && (await this.#kv.get<string>(sent)).value;
    if (known) {
      const decided = await this.decided(room, known);
      if (decided && !decided.isApproved) throw new FrameError("not_allowed", REFUSED, { clientId });
      return known;
    }
    const waiting = await this.list(room);
    const own = waiting.filter(({ person }) => person === given.person).length;
    if (waiting.length >= MAX_PENDING || own >= MAX_OF_ONE) {
      throw new FrameError("backpressure", "Too many messages wait for approval", { clientId });
    }
    const commit = this.#kv.atomic().set([PENDING, room, item.id], item, { expireIn: WAITING_MS });
    if (sent) {
      commit.check({ key: sent, versionstamp: null }).set(sent, item.id, { expireIn: WAITING_MS });
    }
    const { ok } = await this.#changes.add(commit, { type: "pending", room, id: item.id }).commit();
    // A commit that failed means that the same message arrived twice at the same time.
    if (!ok) return await this.add(room, given);
    await this.#changes.poll();
    return item.id;
  }

  /** The messages that wait, the oldest first. */
  async list(room: string): Promise<PendingMessage[]> {
    return await Array.fromAsync(
      this.#kv.list<PendingMessage>({ prefix: [PENDING, room] }),
      ({ value }) => value,
    );
  }

  /** A message that waits. */
  async waiting(room: string, id: string): Promise<PendingMessage | undefined> {
    return (await this.#kv.get<PendingMessage>([PENDING, room, id])).value ?? undefined;
  }

  /** A message that was decided on in the last 24 hours. */
  async decided(room: string, id: string): Promise<DecidedMessage | undefined> {
    return (await this.#kv.get<DecidedMessage>([DECIDED, room, id])).value ?? undefined;
  }

  /**
   * Approves a message, or refuses it. A refusal can be changed into an approval within a day; the same decision again
   * changes nothing. `also` adds to the commit of a decision.
   *
   * @throws {FrameError} `not_found` when there is no such message, `too_late` when it was approved already.
   */
  async decide(
    room: string,
    id: string,
    isApproved: boolean,
    also: (commit: Deno.AtomicOperation, message: PendingMessage) => void,
  ): Promise<DecidedMessage> {
    const [waiting, before] = await this.#kv.getMany<[PendingMessage, DecidedMessage]>([
      [PENDING, room, id],
      [DECIDED, room, id],
    ]);
    const item = waiting.value ?? before.value;
    if (!item) throw new FrameError("not_found", "No such message waits here");
    if (before.value?.isApproved && !isApproved) throw new FrameError("too_late", "It was approved already");
    if (before.value?.isApproved === isApproved) return before.value;
    const decided: DecidedMessage = { ...item, isApproved };
    const commit = this.#kv.atomic().check(waiting).check(before).delete(waiting.key)
      .set(before.key, decided, { expireIn: DAY_MS });
    also(commit, item);
    const { ok } = await this.#changes.add(commit, { type: "pending", room, id }).commit();
    if (!ok) return await this.decide(room, id, isApproved, also);
    await this.#changes.poll();
    return decided;
  }

  /** Notes which message an approved one has become, and tells of it. */
  async published(room: string, decided: DecidedMessage, messageId: string): Promise<void> {
    const { id } = decided;
    const commit = this.#kv.atomic().set([DECIDED, room, id], { ...decided, messageId }, {
      expireIn: DAY_MS,
    });
    await this.#changes.add(commit, { type: "pending", room, id }).commit();
    await this.#changes.poll();
  }
}

/** What the author of a refused message is told. */
export const REFUSED = "The hosts of this room did not approve this message";

/** A message as hosts read it. */
export function viewPending(
  room: string,
  { id, user, person, message, timestamp, replyTo }: PendingMessage,
): Omit<Extract<PendingFrame, { type: "pending_message" }>, "type"> {
  return {
    ...{ id, room, user: user.name, username: user.name, person, message, timestamp },
    account: hasAccount(user) || undefined,
    reply_to: replyTo === undefined ? undefined : { id: replyTo },
  };
}

function sentKey(room: string, { user, clientId = "", message }: PendingMessage): Deno.KvKey {
  return [SENT, room, user.id, clientId, createHash("sha256").update(message).digest("base64url")];
}
