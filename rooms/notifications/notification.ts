/** A notification: something that one person should know of, wherever they are. */

export interface Notification {
  /** A ULID; a mention's is that of the message. */
  readonly id: string;
  readonly title: string;
  readonly message: string;
  /** Where it leads: a path of this service, or an http(s) address; `""`: nowhere. */
  readonly url: string;
  /** When it came to be, ISO 8601, UTC, milliseconds. */
  readonly timestamp: string;
  /** Under which name the message was said that this is about; missing where it is about none. */
  readonly from?: string;
}

/** Days for which notifications are kept. */
export const RETENTION_DAYS = 90;
/** For one person: a further one takes the place of the oldest. */
export const MOST_KEPT = 1_000;

/** Characters. */
export const MAX_TITLE_LENGTH = 200;
export const MAX_MESSAGE_LENGTH = 2_000;
export const MAX_URL_LENGTH = 2_000;

/**
 * The address as pages may follow it: an http(s) one, or a path of this service, written out so that no reader takes
 * it for something else. `undefined` for any other.
 */
export function safeUrl(url: string): string | undefined {
  const written = url.startsWith("/") ? pathOf(url) : addressOf(url);
  // Written out, a character may take nine.
  return written !== undefined && written.length <= MAX_URL_LENGTH ? written : undefined;
}

function pathOf(path: string): string | undefined {
  const base = "http://here.invalid";
  if (!URL.canParse(path, base)) return undefined;
  const { origin, pathname, search, hash } = new URL(path, base);
  // A path with two slashes in front would be another host's when it is read again.
  return origin === base && !pathname.startsWith("//") ? pathname + search + hash : undefined;
}

function addressOf(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { protocol, username, password, href } = new URL(address);
  const isWeb = protocol === "http:" || protocol === "https:";
  return isWeb && !username && !password ? href : undefined;
}
