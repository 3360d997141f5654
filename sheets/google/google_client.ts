import { JWT } from "google-auth-library";
import { sheets, type sheets_v4 as v4 } from "googleapis";
import { isTokenRefused } from "./google_errors.ts";
import type { ServiceAccountKey } from "./service_account.ts";

/** Where the Google client asks for tokens, whatever the key says. */
export const TOKEN_URL = "https://oauth2.googleapis.com/token";

/** One call of the Sheets API, with the options that every call is given. */
export type GoogleRequest<T> = (api: v4.Sheets, options: { signal: AbortSignal }) => Promise<{ data: T }>;

/**
 * Google's own client, kept from its habits: it sends nothing twice, hangs on nothing, and asks for a new token
 * when Google has revoked one. Loading this file costs 90 ms and 56 MiB, so import it only where rows go to Google.
 */
export class GoogleClient implements Disposable {
  readonly #api: v4.Sheets;
  readonly #auth: JWT;
  readonly #http: Deno.HttpClient;
  readonly #closing = new AbortController();

  constructor(
    { key, apiRoot, timeoutMs }: { key: ServiceAccountKey; apiRoot: string; timeoutMs: number },
  ) {
    // On a kept-alive connection that dies without an answer, fetch sends a request again by itself, even an
    // append. A connection is therefore used once.
    this.#http = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
    this.#auth = new JWT({
      email: key.clientEmail,
      key: key.privateKey,
      keyId: key.privateKeyId,
      scopes: ["https://www.googleapis.com/auth/spreadsheets"],
      transporterOptions: {
        // Here and not with each call, where it wouldn't cover the request for a token.
        timeout: timeoutMs,
        // The request for a token asks for retries itself; only this refuses them.
        retryConfig: { shouldRetry: () => false },
        fetchImplementation: (input, init) => {
          const isToken = String(input) === TOKEN_URL;
          const signals = [this.#closing.signal, ...(init?.signal ? [init.signal] : [])];
          return fetch(isToken ? key.tokenUri : input, {
            ...init,
            signal: AbortSignal.any(signals),
            client: this.#http,
          });
        },
      },
    });
    this.#api = sheets({ version: "v4", auth: this.#auth, rootUrl: apiRoot, retry: false });
  }

  /** The answer's body. Rejects with the client's error, which holds the request: never log it as it is. */
  async call<T>(request: GoogleRequest<T>, signal: AbortSignal): Promise<T> {
    try {
      return await this.callOnce(request, signal);
    } catch (error) {
      if (!isTokenRefused(error)) throw error;
      return await this.callOnce(request, signal);
    }
  }

  /** The same, but sends nothing again after a 401, which has the next call ask for a new token. */
  async callOnce<T>(request: GoogleRequest<T>, signal: AbortSignal): Promise<T> {
    try {
      return await this.#send(request, signal);
    } catch (error) {
      // The client believes in a token until its time is over.
      if (isTokenRefused(error)) {
        this.#auth.setCredentials({ refresh_token: "jwt-placeholder", expiry_date: 1 });
      }
      throw error;
    }
  }

  /** Ends what is under way, which rejects. */
  [Symbol.dispose](): void {
    this.#closing.abort();
    this.#http.close();
  }

  /** One request. The client's own `signal` doesn't end the request for a token that may come first. */
  async #send<T>(request: GoogleRequest<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", abort);
    try {
      return (await Promise.race([request(this.#api, { signal }), aborted.promise])).data;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }
}
