/** Who is speaking. The room's page imports it, too: it may use nothing that browsers lack. */

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

// Control characters, what XML forbids, and marks that change the direction of text, which could make one name look like
// another.
const UNWANTED = /[\p{Cc}\p{Noncharacter_Code_Point}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** Returns the text in NFC, without characters that no name may contain, each run of white space as one space. */
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
