/** Values of variables: as they arrive from shells and editors, and what they may be. */
import * as v from "valibot";

/** What Windows' editors write in front of a file. */
const BYTE_ORDER_MARK = "\ufeff";

/**
 * A variable's value without what editors and files of variables leave around it: a byte order mark, spaces, the CR of a
 * Windows line end, and quotes that no shell took away.
 */
export function bareValue(value: string): string {
  const bare = value.replace(BYTE_ORDER_MARK, "").trim();
  return /^(["'])(.*)\1$/s.exec(bare)?.[2] ?? bare;
}

export function filled(wanted: string) {
  return v.pipe(v.string(), v.check((text) => text.trim() !== "", wanted));
}

export function whole(from: number, to: number) {
  const wanted = `a whole number from ${from} to ${to}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d+$/, wanted),
    v.transform(Number),
    v.minValue(from, wanted),
    v.maxValue(to, wanted),
  );
}

/** One of a few words, in whatever case. */
export function oneOf<const T extends string>(...values: T[]) {
  return v.pipe(
    v.string(),
    v.transform((text) => values.find((value) => value.toLowerCase() === text.toLowerCase()) ?? text),
    v.picklist(values, values.join(" or ")),
  );
}

export function origin() {
  const wanted = "an origin such as https://chat.example.com";
  return v.pipe(v.string(), v.check((text) => URL.canParse(text) && new URL(text).origin === text, wanted));
}

/** A host, without the brackets that an IPv6 address has in URLs. */
export function host() {
  return v.pipe(
    v.string(),
    v.transform((text) => text.replace(/^\[(.+)\]$/, "$1")),
    v.regex(/^[\w.:%-]+$/, "a host name or address, without http:// and port"),
  );
}

/** A time zone by its whole name: short ones such as CST are several at once. */
export function timeZone() {
  return v.pipe(
    v.string(),
    v.check(isTimeZone, "an IANA time zone such as Asia/Taipei, or UTC"),
  );
}

function isTimeZone(name: string): boolean {
  if (!name.includes("/") && name !== "UTC") return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
