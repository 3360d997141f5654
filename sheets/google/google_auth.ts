/** The clients of Google's library that get tokens. Importing this file loads the library. */
import {
  type BaseExternalAccountClient,
  ExternalAccountClient,
  JWT,
  OAuth2Client,
  type OAuth2ClientOptions,
} from "google-auth-library";
import { SheetError } from "../sheet.ts";
import type { SignIn } from "./sign_in.ts";

const SCOPES = ["https://www.googleapis.com/auth/spreadsheets"];
/** Without a metadata server, its address leads nowhere. */
const METADATA_WITHIN_MS = 5_000;

/** A client that gets tokens. */
export type AuthClient = OAuth2Client | BaseExternalAccountClient;

/** A client that gets tokens by this way of signing in. */
export function authClient(signIn: SignIn, options: OAuth2ClientOptions): AuthClient {
  switch (signIn.kind) {
    case "key": {
      const { clientEmail: email, privateKey: key, privateKeyId: keyId } = signIn.key;
      return new JWT({ ...options, email, key, keyId, subject: signIn.subject, scopes: SCOPES });
    }
    case "metadata":
      return new MetadataClient(signIn.origin, options);
    case "federation": {
      // deno-lint-ignore no-explicit-any -- the library checks the file by itself, and its types are those of each kind
      const client = ExternalAccountClient.fromJSON({ ...options, ...signIn.file, scopes: SCOPES } as any);
      if (client) return client;
      throw new TypeError(
        "The file of GOOGLE_APPLICATION_CREDENTIALS is of no kind that Google's library knows.",
      );
    }
  }
}

/** Makes a client get another token although it believes the present one to be valid. */
export function forgetToken(client: AuthClient): void {
  client.setCredentials({ refresh_token: "jwt-placeholder", expiry_date: 1 });
}

/**
 * Gets tokens from the metadata server. The library's own client for it repeats requests by itself, and reads files of the
 * machine.
 */
class MetadataClient extends OAuth2Client {
  readonly #origin: string;

  constructor(origin: string, options: OAuth2ClientOptions) {
    super(options);
    this.#origin = origin;
    forgetToken(this);
  }

  protected override async refreshTokenNoCache(): ReturnType<OAuth2Client["refreshTokenNoCache"]> {
    const account = `${this.#origin}/computeMetadata/v1/instance/service-accounts/default`;
    const { access_token, expires_in } = await metadata(`${account}/token?scopes=${SCOPES.join()}`);
    const tokens = { access_token, token_type: "Bearer", expiry_date: Date.now() + expires_in * 1000 };
    this.emit("tokens", tokens);
    return { tokens, res: null };
  }
}

async function metadata(url: string): Promise<{ access_token: string; expires_in: number }> {
  const response = await fetch(url, {
    headers: { "metadata-flavor": "Google" },
    signal: AbortSignal.timeout(METADATA_WITHIN_MS),
  }).catch(() => undefined);
  if (response?.ok) return await response.json();
  await response?.body?.cancel();
  throw new SheetError(
    "setup",
    response
      ? `The metadata server gives no token (${response.status}): give this machine or service a service account, and ` +
        "let it use https://www.googleapis.com/auth/spreadsheets."
      : "There is no metadata server here, as Google's own machines have it: set GOOGLE_APPLICATION_CREDENTIALS to a " +
        "file of workload identity federation, or use a key (GOOGLE_AUTH=key).",
    { code: response ? "metadata_refuses" : "no_credentials" },
  );
}
