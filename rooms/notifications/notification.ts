/** A notification: a short text for one account, which it receives on every page. */

/** A notification; all lengths are in UTF-16 code units. */
export interface Notification {
  /** A ULID; a mention's is that of the message. */
  readonly id: string;
  /** At most {@link MAX_TITLE_LENGTH}. */
  readonly title: string;
  /** At most {@link MAX_MESSAGE_LENGTH}. */
  readonly message: string;
  /** The page to open: a path of this service, or an http(s) address; `""`: none. */
  readonly url: string;
  /** When it was made: ISO 8601, UTC, with milliseconds. */
  readonly timestamp: string;
  /** The name of the author of the message that it is about; missing where it isn't about a message. */
  readonly from?: string;
  /** The room and the `seq` of that message; missing in what an early version stored. */
  readonly room?: string;
  readonly seq?: string;
  /** Its author in that room, see `person_ids.ts`. */
  readonly person?: string;
}

/** Days for which notifications are kept. */
export const RETENTION_DAYS = 90;
/** Notifications kept for one account: a further one replaces the oldest. */
export const MOST_KEPT = 1_000;

/** UTF-16 code units of a title. */
export const MAX_TITLE_LENGTH = 200;
/** UTF-16 code units of a message. */
export const MAX_MESSAGE_LENGTH = 2_000;
/** UTF-16 code units of a URL. */
export const MAX_URL_LENGTH = 2_000;

/**
 * The URL in its normalized form, so that every browser reads it alike, if pages may link to it: an http(s) address, or a
 * path of this service. `undefined` for any other.
 */
export function safeUrl(url: string): string | undefined {
  const written = url.startsWith("/") ? pathOf(url) : addressOf(url);
  // Percent-encoding makes up to nine characters of one.
  return written !== undefined && written.length <= MAX_URL_LENGTH ? written : undefined;
}

function pathOf(path: string): string | undefined {
  const base = "http://here.invalid";
  if (!URL.canParse(path, base)) return undefined;
  const { origin, pathname, search, hash } = new URL(path, base);
  // A path that begins with two slashes would be read as another host's address.
  return origin === base && !pathname.startsWith("//") ? pathname + search + hash : undefined;
}

function addressOf(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { protocol, username, password, href } = new URL(address);
  const isWeb = protocol === "http:" || protocol === "https:";
  return isWeb && !username && !password ? href : undefined;
}
