/**
 * Limits how many mentions an account is notified of: on a day, and by guests within a minute. Further ones are ignored.
 * Anybody can write mentions at no cost and be any number of guests, and an inbox is limited: they must not displace its
 * other notifications.
 */

/** Who mentions somebody. Guests have lower limits, because anybody can be any number of guests. */
export type Mentioner = "guest" | "account";

/** The number of mentions on one day; `day` counts the days since the epoch, in UTC. */
export type MentionsOfDay = { readonly day: number } & Readonly<Record<Mentioner, number>>;

const MOST_A_DAY: Readonly<Record<Mentioner, number>> = { guest: 100, account: 300 };
const DAY_MS = 24 * 60 * 60 * 1000;

/** How many more mentions may be delivered on a day at a time, in milliseconds since the epoch. */
export function mentionsLeft(mentions: MentionsOfDay | undefined, at: number, by: Mentioner): number {
  return Math.max(0, MOST_A_DAY[by] - today(mentions, at)[by]);
}

/** Adds the mentions that are being delivered at a time, in milliseconds since the epoch. */
export function withMentions(
  mentions: MentionsOfDay | undefined,
  at: number,
  by: Mentioner,
  count: number,
): MentionsOfDay {
  const now = today(mentions, at);
  return { ...now, [by]: now[by] + count };
}

function today(mentions: MentionsOfDay | undefined, at: number): MentionsOfDay {
  const day = Math.floor(at / DAY_MS);
  return mentions?.day === day ? mentions : { day, guest: 0, account: 0 };
}

/** A mention by a guest. */
export interface GuestMention {
  /** When it was written, in milliseconds since the epoch. */
  readonly at: number;
  readonly room: string;
  /** Who wrote it, as in a message. */
  readonly person: string;
}

const MINUTE_MS = 60_000;
const MOST_A_MINUTE = { person: 5, room: 30 };

/**
 * Adds a guest's mention to those of the last minute; `undefined` when the guest, or all guests of the room together, have
 * mentioned the account too often in it.
 */
export function withGuestMention(
  recent: readonly GuestMention[],
  mention: GuestMention,
): readonly GuestMention[] | undefined {
  const current = recent.filter(({ at }) => Math.abs(at - mention.at) < MINUTE_MS);
  const inRoom = current.filter(({ room }) => room === mention.room);
  const byPerson = inRoom.filter(({ person }) => person === mention.person);
  const isTooMany = byPerson.length >= MOST_A_MINUTE.person || inRoom.length >= MOST_A_MINUTE.room;
  return isTooMany ? undefined : [...current, mention];
}
