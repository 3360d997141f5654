/**
 * How many mentions come to an account on a day; further ones are passed over. Anybody makes mentions at no cost, and an
 * inbox keeps only so much: they must not push out what else came.
 */

/** Who mentions somebody: guests cost nothing to make. */
export type Mentioner = "guest" | "account";

/** How many came on a day, which is counted from the epoch in UTC. */
export type MentionsOfDay = { readonly day: number } & Readonly<Record<Mentioner, number>>;

const MOST_A_DAY: Readonly<Record<Mentioner, number>> = { guest: 100, account: 300 };
const DAY_MS = 24 * 60 * 60 * 1000;

/** How many more may come, at a time in milliseconds since the epoch. */
export function mentionsLeft(mentions: MentionsOfDay | undefined, at: number, by: Mentioner): number {
  return Math.max(0, MOST_A_DAY[by] - today(mentions, at)[by]);
}

/** So many have come. */
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
