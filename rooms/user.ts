/** Users, and the names that they may have. The room's page imports it, too: it may use nothing that browsers lack. */

/** A person or program in a room. Two connections with the same `id` are the same user. */
export interface User {
  /**
   * Unique and stable: an account's id, `guest/<badge>` for a guest whose browser has a badge, else `guest:<name>`.
   * With a badge a guest may change names and stays the same user.
   */
  readonly id: string;
  /** The name that others read, 1 to 64 characters. */
  readonly name: string;
  /** Has no account, and isn't the service. */
  readonly isGuest: boolean;
  /** Rights beyond a guest's: those of an account, or of a program that speaks for the service. */
  readonly role?: "user" | "admin" | "service";
  /** The id of the guest's browser, see `GuestIds`; missing: it has none. */
  readonly badge?: string;
  /** What was decided about the user in the room that a request is about; missing: nothing, or it is about none. */
  readonly standing?: Standing;
}

/** What was decided about somebody in one room. */
export interface Standing {
  /** The id of the invitation that lets them in. */
  readonly invitation?: string;
  /** A host has banned them. */
  readonly isBanned?: true;
}

/** The most characters of a name. */
export const MAX_NAME_LENGTH = 64;

/** The name of guests without a name. */
export const ANONYMOUS = "Anonymous";

/** The sender of erased messages; no account can have this name, see `accountName`. */
export const NOBODY = "-";

/** A guest with a name that {@link cleanName} has returned, and with the id of its browser, if it has one. */
export function guest(name: string, badge?: string): User {
  return { id: badge ? `${BADGED}${badge}` : `guest:${name}`, name, isGuest: true, badge };
}

/** The ids of guests with a badge begin with this; no other id does. */
const BADGED = "guest/";

/** Whether this is the id of a guest with a badge, who can be told from others with the same name. */
export function isBadged(id: string): boolean {
  return id.startsWith(BADGED);
}

/**
 * Whether what a user did is provably theirs. Guests without a badge share their id with all who state the same name.
 */
export function isTellable(user: User): boolean {
  return hasAccount(user) || user.role === "service" || isBadged(user.id);
}

/** The id of every program that speaks for the service. */
export const SERVICE_ID = "service";

/** A program that speaks for the service, under any name. */
export function service(name: string): User {
  return { id: SERVICE_ID, name: name || "service", isGuest: false, role: "service" };
}

/** Whether the user has an account, which proves the name. */
export function hasAccount({ role }: User): boolean {
  return role === "user" || role === "admin";
}

/**
 * The id of the account or browser whose limits the user's connections share; `undefined` for users who can't be told from
 * others with the same name.
 */
export function personOf(user: User): string | undefined {
  return hasAccount(user) || isBadged(user.id) ? user.id : undefined;
}

// Controls, characters that XML forbids, and those that change the direction of text: with them a name could look like
// another one.
const UNWANTED = /[\p{Cc}\p{Noncharacter_Code_Point}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** A text without the characters that no name may contain, in NFC, with runs of white space as one space. */
export function withoutUnwanted(text: string): string {
  return text.toWellFormed().normalize("NFC").replace(UNWANTED, "").replace(/\s+/gu, " ").trim();
}

/**
 * A name in the form in which it is stored, see {@link withoutUnwanted}; maybe `""`. `undefined` when it is longer than
 * {@link MAX_NAME_LENGTH} characters. Every name is cleaned before it is compared with another.
 */
export function cleanName(name: string): string | undefined {
  const clean = withoutUnwanted(name);
  return [...clean].length <= MAX_NAME_LENGTH ? clean : undefined;
}
