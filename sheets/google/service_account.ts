/** The key of a Google service account. */
import { createPrivateKey } from "node:crypto";
import * as v from "valibot";

/** The key file's own names: https://cloud.google.com/iam/docs/keys-create-delete. No message quotes a value. */
const KeyFile = v.object({
  "type": v.literal("service_account", 'isn\'t "service_account"'),
  "client_email": v.pipe(v.string("isn't text"), v.includes("@", "isn't an address")),
  // In environment variables that were escaped twice, \n is two characters.
  "private_key": v.pipe(
    v.string("isn't text"),
    v.transform((pem) => pem.replaceAll("\\n", "\n")),
    v.check(isPrivateKey, "isn't an RSA key in PEM form"),
  ),
  "private_key_id": v.optional(v.string("isn't text")),
  "token_uri": v.optional(
    v.pipe(v.string("isn't text"), v.url("isn't a URL")),
    "https://oauth2.googleapis.com/token",
  ),
});

/** A checked key. `privateKey` is secret: it never appears in a message or a log. */
export interface ServiceAccountKey {
  /** The address with which the operator shares the spreadsheet. */
  readonly clientEmail: string;
  readonly privateKey: string;
  readonly privateKeyId: string | undefined;
  readonly tokenUri: string;
}

/**
 * The service account's key from its JSON text or, without one, from the file at `path`.
 *
 * @throws {TypeError} one sentence that names the source and everything wrong with it, without quoting it.
 */
export async function readServiceAccountKey(
  { json, path }: { json?: string; path: string },
): Promise<ServiceAccountKey> {
  if (json) return parseServiceAccountKey(json, "The key in the environment");
  let text: string;
  try {
    text = decoded(await Deno.readFile(path));
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound ? "isn't there" : "can't be read";
    throw new TypeError(`The key file ${path} ${reason}.`, { cause });
  }
  return parseServiceAccountKey(text, `The key file ${path}`);
}

/** The text of a file. Editors on Windows may save it as UTF-16, or with a byte order mark. */
function decoded(bytes: Uint8Array): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? "utf-16le" : "utf-8").decode(bytes);
}

/** Decodes the JSON text of a key; throws like {@link readServiceAccountKey}. */
export function parseServiceAccountKey(text: string, source: string): ServiceAccountKey {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    // The parser's own message quotes the text, so it isn't passed on.
    throw new TypeError(`${source} isn't JSON.`);
  }
  if (v.is(OAuthClient, json)) {
    throw new TypeError(
      `${source} is an OAuth client, not a service account's key: make a service account and a JSON key for it.`,
    );
  }
  const { success, output, issues } = v.safeParse(KeyFile, json);
  if (!success) {
    const wrong = issues.map(({ path, input, message }) =>
      path ? `"${path[0].key}" ${input === undefined ? "is missing" : message}` : "it isn't an object"
    ).join(", ");
    throw new TypeError(`${source} isn't a service account's key: ${wrong}.`);
  }
  return {
    clientEmail: output.client_email,
    privateKey: output.private_key,
    privateKeyId: output.private_key_id,
    tokenUri: output.token_uri,
  };
}

const OAuthClient = v.union([v.object({ installed: v.object({}) }), v.object({ web: v.object({}) })]);

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === "rsa";
  } catch {
    return false;
  }
}
