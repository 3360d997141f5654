/** Who is speaking. */

/** A person or program in a room. Two connections with the same `id` are the same user. */
export interface User {
  /** Unique and stable: an account's id, `guest:<name>` or, with a badge, `guest/<badge>:<name>` for guests. */
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
  return { id: badge ? `guest/${badge}:${name}` : `guest:${name}`, name, isGuest: true, badge };
}

/** A program that speaks for the service, under any name. */
export function service(name: string): User {
  return { id: "service", name: name || "service", isGuest: false, role: "service" };
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
  if (hasAccount(user)) return user.id;
  return user.badge && `guest/${user.badge}`;
}

// Controls, what no XML may hold, and the marks that turn the direction of text: with them a name could be drawn as
// somebody else's.
const UNWANTED = /[\p{Cc}\p{Noncharacter_Code_Point}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/**
 * A name in the form in which it is kept: NFC, without controls, runs of white space as one space; `undefined` for
 * one that is longer than {@link MAX_NAME_LENGTH}. May be empty.
 */
export function cleanName(name: string): string | undefined {
  const clean = name.toWellFormed().normalize("NFC").replace(UNWANTED, "").replace(/\s+/gu, " ").trim();
  return [...clean].length <= MAX_NAME_LENGTH ? clean : undefined;
}
