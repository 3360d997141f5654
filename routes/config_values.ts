/** Values of environment variables: cleaning, and schemas. */
import * as v from "valibot";

/** Some editors on Windows begin a file with it. */
const BYTE_ORDER_MARK = "\ufeff";

/**
 * A variable's value without what editors and env files leave around it: a byte order mark, spaces, the CR of a Windows line
 * end, and quotes that no shell removed.
 */
export function bareValue(value: string): string {
  const bare = value.replace(BYTE_ORDER_MARK, "").trim();
  return /^(["'])(.*)\1$/s.exec(bare)?.[2] ?? bare;
}

/** Text that isn't blank; `wanted` completes the sentence "wanted: …". */
export function filled(wanted: string): v.GenericSchema<string, string> {
  return v.pipe(v.string(), v.check((text) => text.trim() !== "", wanted));
}

/** Text that isn't blank, in which these words may stand in braces. */
export function template(wanted: string, ...words: string[]): v.GenericSchema<string, string> {
  const known = words.map((word) => `{${word}}`);
  return v.pipe(
    filled(wanted),
    v.check(
      (text) => (text.match(/\{[^}]*\}?/g) ?? []).every((place) => known.includes(place)),
      `${wanted}, in which ${known.join(", ")} may stand`,
    ),
  );
}

/** A whole number, bounds included. */
export function whole(from: number, to: number): v.GenericSchema<string, number> {
  const wanted = `a whole number from ${from} to ${to}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d+$/, wanted),
    v.transform(Number),
    v.minValue(from, wanted),
    v.maxValue(to, wanted),
  );
}

/** One of these words, in any case. */
export function oneOf<const T extends string>(...values: T[]): v.GenericSchema<string, T> {
  return v.pipe(
    v.string(),
    v.transform((text) => values.find((value) => value.toLowerCase() === text.toLowerCase()) ?? text),
    v.picklist(values, values.join(" or ")),
  );
}

/** Names of columns, with commas between them: each once, and `id` among them. */
export function columns(known: readonly string[]): v.GenericSchema<string, readonly string[]> {
  const wanted = `names out of ${known.join(", ")}, with commas between them, each once, and id among them`;
  return v.pipe(
    v.string(),
    v.transform((list) => list.split(",").map((name) => name.trim().toLowerCase()).filter(Boolean)),
    v.check((names) => names.every((name) => known.includes(name)), wanted),
    v.check((names) => names.includes("id") && new Set(names).size === names.length, wanted),
  );
}

/** An origin such as `https://chat.example.com`. */
export function origin(): v.GenericSchema<string, string> {
  const wanted = "an origin such as https://chat.example.com";
  return v.pipe(v.string(), v.check((text) => URL.canParse(text) && new URL(text).origin === text, wanted));
}

/** A host name or address; the brackets of an IPv6 address are removed. */
export function host(): v.GenericSchema<string, string> {
  return v.pipe(
    v.string(),
    v.transform((text) => text.replace(/^\[(.+)\]$/, "$1")),
    v.regex(/^[\w.:%-]+$/, "a host name or address, without http:// and port"),
  );
}

/** The service's own paths. As a base path they would be ambiguous. */
const OWN_PATHS =
  /^\/(account|admin|api|chat|docs|favicon\.ico|files|healthz|help|manifest\.webmanifest|metrics|offline|reports|service_worker\.js|static|ws)(\/|$)/;

/** A path of a host, without the slash at its end; "" = the root. */
export function basePath(): v.GenericSchema<string, string> {
  return v.pipe(
    v.string(),
    v.transform((text) => text.replace(/^\/?(?=.)/, "/").replace(/\/+$/, "")),
    v.check(
      (path) => /^(\/[\w~-][\w.~-]*)*$/.test(path) && !OWN_PATHS.test(path),
      "a path such as /talk, of letters, digits and -, that is none of the service's own",
    ),
  );
}

/** Origins of pages that may embed ours: https://www.w3.org/TR/CSP3/#directive-frame-ancestors */
export function sources(): v.GenericSchema<string, string[]> {
  const wanted = "origins such as https://school.example or https://*.school.example, or 'self'";
  return v.pipe(
    v.string(),
    v.transform((list) =>
      list.split(/[\s,]+/).filter(Boolean).map((source) => source.replace(/^'?self'?$/, "'self'"))
    ),
    v.array(
      v.pipe(
        v.string(),
        v.regex(/^('self'|https?:\/\/(\*\.)?[\w-]+(\.[\w-]+)*(:(\d+|\*))?)$/, wanted),
      ),
    ),
  );
}

/** A time zone by its full name: short names such as CST are ambiguous. */
export function timeZone(): v.GenericSchema<string, string> {
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
