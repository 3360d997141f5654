/**
 * Limits how many mentions an account receives on a day; further ones are ignored. Anybody can write mentions at no cost,
 * and an inbox is limited: they must not displace its other notifications.
 */

/** Who mentions somebody. Guests have a lower limit, because anybody can be any number of guests. */
export type Mentioner = "guest" | "account";

/** The number of mentions on one day; `day` counts the days since the epoch, in UTC. */
export type MentionsOfDay = { readonly day: number } & Readonly<Record<Mentioner, number>>;

const MOST_A_DAY: Readonly<Record<Mentioner, number>> = { guest: 100, account: 300 };
const DAY_MS = 24 * 60 * 60 * 1000;

/** How many more mentions may be delivered at a time, in milliseconds since the epoch. */
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
