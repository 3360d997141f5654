/** Who is speaking. */

/** A person or program in a room. Two connections with the same `id` are the same user. */
export interface User {
  /**
   * Unique and stable: an account's id, `guest/<badge>` for a guest whose browser has a badge, else `guest:<name>`.
   * With a badge a guest may change names and stays the same user.
   */
  readonly id: string;
  /** What the others read, 1 to 64 characters. */
  readonly name: string;
  readonly isGuest: boolean;
  /** What the user may do beyond what guests may: as an account, or as a program that speaks for the service. */
  readonly role?: "user" | "admin" | "service";
  /** Tells a guest's browser from others that use the same name. */
  readonly badge?: string;
}

/** The most characters that a name may have. */
export const MAX_NAME_LENGTH = 64;

/** What a guest is called who gave no name. */
export const ANONYMOUS = "Anonymous";

/** A guest of that name; a name that {@link cleanName} accepts. */
export function guest(name: string, badge?: string): User {
  return { id: badge ? `${BADGED}${badge}` : `guest:${name}`, name, isGuest: true, badge };
}

/** What the ids of guests with a badge begin with; no other id does. */
const BADGED = "guest/";

/** Whether that is the id of a guest who can be told from others of the same name. */
export function isBadged(id: string): boolean {
  return id.startsWith(BADGED);
}

/** The id of every program that speaks for the service. */
export const SERVICE_ID = "service";

/** A program that speaks for the service, under any name. */
export function service(name: string): User {
  return { id: SERVICE_ID, name: name || "service", isGuest: false, role: "service" };
}

/** Whether the user has an account, and so is who the name says. */
export function hasAccount({ role }: User): boolean {
  return role === "user" || role === "admin";
}

/**
 * Whose limits the user's connections share: an account's, or a browser's with a badge. `undefined` where they can't
 * be told from others' of the same name.
 */
export function personOf(user: User): string | undefined {
  return hasAccount(user) || isBadged(user.id) ? user.id : undefined;
}

// Controls, what no XML may hold, and the marks that turn the direction of text: with them a name could be drawn as
// somebody else's.
const UNWANTED = /[\p{Cc}\p{Noncharacter_Code_Point}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** A text without the characters that may be part of no name, in NFC, runs of white space as one space. */
export function withoutUnwanted(text: string): string {
  return text.toWellFormed().normalize("NFC").replace(UNWANTED, "").replace(/\s+/gu, " ").trim();
}

/**
 * A name in the form in which it is kept: see {@link withoutUnwanted}; `undefined` for one that is longer than
 * {@link MAX_NAME_LENGTH}. May be empty. Every name passes here before it is compared with another.
 */
export function cleanName(name: string): string | undefined {
  const clean = withoutUnwanted(name);
  return [...clean].length <= MAX_NAME_LENGTH ? clean : undefined;
}

// Invisible characters have a place inside an emoji, between letters of scripts that join them, and behind an
// ideograph of which they choose the form.
const JOINING = String.raw`[[\p{L}\p{M}]--[\p{Script=Latin}\p{Script=Han}]]`;
const PLACED_WELL = new RegExp(
  [
    String.raw`\p{RGI_Emoji}`,
    String.raw`(?<=${JOINING})[\u200c\u200d](?=${JOINING})`,
    String.raw`(?<=\p{Ideographic})[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]`,
  ].join("|"),
  "gv",
);
/** Signs that stand for "verified" wherever people have accounts, in any style. */
const CHECK_MARKS = /[\u221a\u237b\u2611\u2705\u2713\u2714\u{10102}\u{1f5f8}\u{1f5f9}\u{1fbb1}]/u;
/** Blank though they aren't white space: BRAILLE PATTERN BLANK, MUSICAL SYMBOL NULL NOTEHEAD, OBJECT REPLACEMENT CHARACTER. */
const BLANK = /[\u2800\u{1d159}\ufffc]/u;
/** Nobody can know what they look like, or nobody sees them. */
const UNSEEN = /[\p{Cn}\p{Co}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
/** A name needs something besides marks, which would hang on what stands before it. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * Whether people can tell a name that {@link cleanName} made from others by looking at it: no check marks, nothing
 * invisible, nothing that only looks like a space.
 */
export function isLegible(name: string): boolean {
  if (CHECK_MARKS.test(name) || BLANK.test(name)) return false;
  return VISIBLE.test(name) && !UNSEEN.test(name.replace(PLACED_WELL, ""));
}
