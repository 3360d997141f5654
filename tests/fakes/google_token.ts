/** A service account's key as Google's console hands it out. */
export interface KeyFile {
  readonly type: "service_account";
  readonly project_id: string;
  readonly private_key_id: string;
  readonly private_key: string;
  readonly client_email: string;
  readonly token_uri: string;
}

const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/** The audience that Google demands, also of a key with another `token_uri`. */
const AUDIENCE = "https://oauth2.googleapis.com/token";
const UNDELEGATED =
  "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any " +
  "of the scopes requested.";
const SCOPES = ["https://www.googleapis.com/auth/spreadsheets", "https://www.googleapis.com/auth/drive"];
const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/** Google's token endpoint: takes an assertion signed with the account's key, gives a bearer token for an hour. */
export class TokenEndpoint {
  readonly clientEmail = "talksheet@stand-in.iam.gserviceaccount.com";
  /** What a workload of another cloud shows instead of a key. */
  readonly workloadToken = "a workload's own token";
  /** The people for whom the account may act. */
  readonly delegated = new Set<string>();
  readonly #now: () => number;
  readonly #keys: Promise<CryptoKeyPair>;
  readonly #tokens = new Map<string, number>();
  #isKeyDeleted = false;
  #refusesSignatures = false;
  /** Milliseconds by which its clock is ahead of the caller's. */
  #aheadMs = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#keys = keyPair();
  }

  async keyFile(tokenUri: string): Promise<KeyFile> {
    const { privateKey } = await this.#keys;
    const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
    const lines = btoa(String.fromCharCode(...der)).match(/.{1,64}/g) ?? [];
    return {
      type: "service_account",
      project_id: "stand-in",
      private_key_id: "1",
      private_key: ["-----BEGIN PRIVATE KEY-----", ...lines, "-----END PRIVATE KEY-----", ""].join("\n"),
      client_email: this.clientEmail,
      token_uri: tokenUri,
    };
  }

  /** The answer to a request for a token. */
  async grant(body: string): Promise<{ status: number; json: unknown }> {
    const form = new URLSearchParams(body);
    if (form.get("grant_type") === EXCHANGE) {
      return form.get("subject_token") === this.workloadToken
        ? {
          status: 200,
          json: { ...this.give(), issued_token_type: "urn:ietf:params:oauth:token-type:access_token" },
        }
        : denied("invalid_grant", "The subject token is invalid.");
    }
    if (form.get("grant_type") !== GRANT) return denied("unsupported_grant_type", "Invalid grant_type");
    const reason = await this.#reasonToDeny(form.get("assertion") ?? "");
    if (reason === UNDELEGATED) return denied("unauthorized_client", reason);
    if (reason) return denied("invalid_grant", reason);
    return { status: 200, json: this.give() };
  }

  /** A new token. */
  give(): { access_token: string; expires_in: number; token_type: string } {
    const token = `ya29.${crypto.randomUUID()}`;
    this.#tokens.set(token, this.#now() + 3_600_000);
    return { access_token: token, expires_in: 3599, token_type: "Bearer" };
  }

  /** The account that a request's `Authorization` header stands for. */
  accountOf(authorization: string | null): string | undefined {
    const expiresAt = this.#tokens.get(authorization?.replace(/^Bearer /, "") ?? "");
    return expiresAt !== undefined && this.#now() < expiresAt ? this.clientEmail : undefined;
  }

  /** Makes all tokens given so far worthless, long before their time. */
  revokeTokens(): void {
    this.#tokens.clear();
  }

  /** Deletes the account's key, and with it the tokens. */
  deleteKey(): void {
    this.#isKeyDeleted = true;
    this.revokeTokens();
  }

  /** Takes no signature from now on, as of a private key that isn't the account's. */
  refuseSignatures(): void {
    this.#refusesSignatures = true;
    this.revokeTokens();
  }

  /** Sets its clock ahead by an hour and a bit, so that what the caller signs has expired. */
  hurry(): void {
    this.#aheadMs = 3_700_000;
    this.revokeTokens();
  }

  /** The keys that the account has, as Google publishes them. */
  certificates(): Record<string, string> {
    return this.#isKeyDeleted ? {} : { "1": "-----BEGIN CERTIFICATE-----" };
  }

  async #reasonToDeny(assertion: string): Promise<string | undefined> {
    const [header, payload, signature] = assertion.split(".");
    if (!signature) return "Invalid JWT";
    const claims = JSON.parse(new TextDecoder().decode(bytesOf(payload)));
    if (claims.iss !== this.clientEmail) return "Invalid grant: account not found";
    const signed = new TextEncoder().encode(`${header}.${payload}`);
    const { publicKey } = await this.#keys;
    const isGenuine = await crypto.subtle.verify(RSA, publicKey, bytesOf(signature), signed);
    if (!isGenuine || this.#isKeyDeleted || this.#refusesSignatures) return "Invalid JWT Signature.";
    if (claims.aud !== AUDIENCE) return "Invalid JWT: Failed audience check.";
    if (!SCOPES.includes(claims.scope)) return "Invalid OAuth scope or ID token audience provided.";
    if (claims.sub && !this.delegated.has(claims.sub)) return UNDELEGATED;
    const now = (this.#now() + this.#aheadMs) / 1000;
    if (claims.exp - claims.iat > 3600 || claims.exp < now || claims.iat > now + 300) {
      return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your " +
        "iat and exp values in the JWT claim.";
    }
  }
}

/** One pair for all stand-ins of a process: making one takes a tenth of a second. */
let pair: Promise<CryptoKeyPair> | undefined;
function keyPair(): Promise<CryptoKeyPair> {
  return pair ??= crypto.subtle.generateKey(
    { ...RSA, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ["sign", "verify"],
  );
}

function denied(error: string, description: string): { status: number; json: unknown } {
  return { status: 400, json: { error, error_description: description } };
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    atob(base64url.replaceAll("-", "+").replaceAll("_", "/")),
    (char) => char.charCodeAt(0),
  );
}
