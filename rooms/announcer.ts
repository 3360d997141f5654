/** Tells a room's members who comes, goes and types: gathered in short windows, so that a crowd stays cheap. */
import type { Member } from "./member.ts";
import { GRACE_MS, Presence } from "./presence.ts";
import { encodeFrame, joinFrames } from "./protocol.ts";
import type { User } from "./user.ts";

/** Comings, goings and typing within this time are told together; in a large room within a longer time. */
const WINDOW_MS = 50;
const WINDOW_MS_PER_MEMBER = 0.5;
/** Someone who keeps typing is reported once in this time. */
const TYPING_EVERY_MS = 1_000;

export class Announcer {
  readonly #members: ReadonlySet<Member>;
  readonly #now: () => number;
  readonly #emptied: () => void;
  readonly #presence = new Presence();
  readonly #typing = new Map<string, User>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wakesAt = Infinity;

  /** `emptied` is called when the last user has left, their grace included. */
  constructor(members: ReadonlySet<Member>, now: () => number, emptied: () => void) {
    this.#members = members;
    this.#now = now;
    this.#emptied = emptied;
  }

  /** Whether nobody is here, nor was within the grace period. */
  get isEmpty(): boolean {
    return this.#presence.isEmpty;
  }

  /** Everyone who is here. */
  get users(): readonly User[] {
    return this.#presence.users();
  }

  opened(member: Member): void {
    this.#presence.open(member.user);
    this.#wakeWithin(this.#windowMs);
  }

  closed(member: Member): void {
    this.#typing.delete(member.user.id);
    this.#presence.close(member.user, this.#now());
    this.#wakeWithin(GRACE_MS);
  }

  /** A member speaks as somebody else from now on; who it was is gone at once. */
  renamed(member: Member, user: User): void {
    this.#presence.close(member.user, this.#now() - GRACE_MS);
    member.user = user;
    this.opened(member);
  }

  typing(member: Member): void {
    const now = this.#now();
    if (now - member.typedAt < TYPING_EVERY_MS) return;
    member.typedAt = now;
    this.#typing.set(member.user.id, member.user);
    this.#wakeWithin(this.#windowMs);
  }

  /** Stops the timer; nothing is told any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#wakesAt = -Infinity;
  }

  get #windowMs(): number {
    return WINDOW_MS + this.#members.size * WINDOW_MS_PER_MEMBER;
  }

  #wakeWithin(ms: number): void {
    const at = this.#now() + ms;
    if (at >= this.#wakesAt) return;
    this.#wakesAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), ms);
  }

  #tell(): void {
    this.#wakesAt = Infinity;
    const now = this.#now();
    const { joined, left } = this.#presence.settle(now);
    const timestamp = new Date(now).toISOString();
    const news = [
      ...joined.map(({ id, name: user }) => about(id, { type: "user_join", user, timestamp })),
      ...left.map(({ id, name: user }) => about(id, { type: "user_leave", user, timestamp })),
      ...Array.from(this.#typing.values(), ({ id, name: user }) => about(id, { type: "user_typing", user })),
    ];
    this.#typing.clear();
    this.#send(news, joined.length + left.length > 0);
    const nextLeave = this.#presence.nextLeave();
    if (nextLeave !== undefined) this.#wakeWithin(Math.max(0, nextLeave - now));
    else if (this.isEmpty) this.#emptied();
  }

  /** Sends the news to all but those whom they are about, and who is here to those who don't know. */
  #send(news: readonly { userId: string; frame: string }[], hasChanged: boolean): void {
    const users = this.users.map(({ name }) => name);
    const list = encodeFrame({ type: "online_users", users, count: users.length });
    const subjects = new Set(news.map(({ userId }) => userId));
    const frames = news.map(({ frame }) => frame);
    const all = hasChanged ? [...frames, list] : frames;
    const joined = joinFrames(all);
    for (const member of this.#members) {
      if (!member.knowsUsers) {
        // Who has just come needs no news: everyone is on the list.
        member.knowsUsers = true;
        member.connection.send(list);
      } else if (!subjects.has(member.user.id)) {
        if (all.length) member.send(all, joined);
      } else {
        const others = news.filter(({ userId }) => userId !== member.user.id).map(({ frame }) => frame);
        if (hasChanged) others.push(list);
        if (others.length) member.send(others);
      }
    }
  }
}

function about(userId: string, frame: Parameters<typeof encodeFrame>[0]): { userId: string; frame: string } {
  return { userId, frame: encodeFrame(frame) };
}
