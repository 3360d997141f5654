/** How the service signs in to Google: by a service account's key, or by application default credentials. */
import * as v from "valibot";
import { readServiceAccountKey, type ServiceAccountKey } from "./service_account.ts";

/** One way to sign in. `email` is the address with which a spreadsheet is shared. */
export type SignIn =
  | {
    readonly kind: "key";
    readonly email: string;
    readonly key: ServiceAccountKey;
    /** The person for whom the account acts, by domain-wide delegation. */
    readonly subject: string | undefined;
  }
  /** A file of workload identity federation, as Google's console hands it out. */
  | { readonly kind: "federation"; readonly email: string; readonly file: Readonly<Record<string, unknown>> }
  /** The metadata server of Google's own machines, at this origin. */
  | { readonly kind: "metadata"; readonly email: string; readonly origin: string };

/** The configuration of the sign-in. */
export interface SignInChoice {
  /** `undefined`: a key if there is one, else the file of application default credentials. */
  readonly googleAuth: "key" | "adc" | undefined;
  readonly googleCredsJson: string | undefined;
  readonly googleCredsPath: string;
  readonly googleSubject: string | undefined;
  /** `GOOGLE_APPLICATION_CREDENTIALS`: a file. */
  readonly googleApplicationCredentials: string | undefined;
}

/** Where machines on Google Cloud get tokens (https://cloud.google.com/compute/docs/metadata/overview). */
const METADATA_ORIGIN = "http://metadata.google.internal";
/** Stands for the address in sentences until the metadata server has told it. */
const UNKNOWN_EMAIL = "the account of this machine";

/** The parts that we use of https://google.aip.dev/auth/4117 */
const Federation = v.looseObject({
  type: v.literal("external_account"),
  audience: v.string(),
  token_url: v.string(),
  service_account_impersonation_url: v.optional(v.string(), ""),
});

/**
 * How to sign in.
 *
 * @throws {TypeError} one sentence that names the variable or file and what is wrong with it, without quoting secrets.
 */
export async function readSignIn(choice: SignInChoice): Promise<SignIn> {
  const { googleAuth, googleCredsJson: json, googleCredsPath: path, googleSubject: subject } = choice;
  const { googleApplicationCredentials: file } = choice;
  const isKey = googleAuth ? googleAuth === "key" : json !== undefined || !file || await exists(path);
  if (isKey) {
    const key = await readServiceAccountKey({ json, path });
    return { kind: "key", key, subject, email: subject ?? key.clientEmail };
  }
  if (subject) {
    throw new TypeError(
      "GOOGLE_SUBJECT needs a service account's key: set GOOGLE_AUTH=key, or leave it out.",
    );
  }
  if (!file) return { kind: "metadata", origin: METADATA_ORIGIN, email: UNKNOWN_EMAIL };
  return await federation(file);
}

async function federation(path: string): Promise<SignIn> {
  const source = `The file ${path} of GOOGLE_APPLICATION_CREDENTIALS`;
  let json: unknown;
  try {
    json = JSON.parse((await Deno.readTextFile(path)).replace(/^\ufeff/, ""));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new TypeError(`${source} isn't JSON.`);
    throw new TypeError(
      `${source} ${cause instanceof Deno.errors.NotFound ? "isn't there" : "can't be read"}; ` +
        "by deno.json the service reads files below its own directory.",
      { cause },
    );
  }
  if (v.is(v.looseObject({ type: v.literal("service_account") }), json)) {
    const key = await readServiceAccountKey({ path });
    return { kind: "key", key, subject: undefined, email: key.clientEmail };
  }
  if (!v.is(Federation, json)) {
    throw new TypeError(
      `${source} is neither a file of workload identity federation ("external_account") nor a service account's key.`,
    );
  }
  const [, email = UNKNOWN_EMAIL] =
    /serviceAccounts\/([^/:]+)/.exec(json.service_account_impersonation_url ?? "") ??
      [];
  return { kind: "federation", file: json, email };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
