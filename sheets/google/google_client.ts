/** Google's own client library, made to send nothing twice. */
import { sheets, type sheets_v4 as v4 } from "googleapis";
import { type AuthClient, authClient, forgetToken } from "./google_auth.ts";
import { isTokenRefused } from "./google_errors.ts";
import type { SignIn } from "./sign_in.ts";

/** Where the library asks for tokens, whatever the key says. */
const TOKEN_URL = "https://oauth2.googleapis.com/token";

/** One call of the Sheets API. */
export type GoogleRequest<T> = (api: v4.Sheets, options: { signal: AbortSignal }) => Promise<{ data: T }>;

/**
 * Google's own client, made to send nothing twice, to keep every time-out, and to ask for a new token when Google has
 * revoked one. Loading this file costs 90 ms and 56 MiB: import it only where rows go to Google.
 */
export class GoogleClient implements Disposable {
  readonly #api: v4.Sheets;
  readonly #auth: AuthClient;
  readonly #http: Deno.HttpClient;
  readonly #closing = new AbortController();

  constructor(
    { signIn, apiRoot, timeoutMs }: { signIn: SignIn; apiRoot: string; timeoutMs: number },
  ) {
    // When a kept-alive connection breaks without an answer, fetch repeats the request by itself, even an append.
    // So each connection is used once.
    this.#http = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
    const tokenUri = signIn.kind === "key" ? signIn.key.tokenUri : TOKEN_URL;
    this.#auth = authClient(signIn, {
      transporterOptions: {
        // With each call, it would not cover the request for a token.
        timeout: timeoutMs,
        // The request for a token enables retries itself; only this disables them.
        retryConfig: { shouldRetry: () => false },
        fetchImplementation: (input, init) => {
          const isToken = String(input) === TOKEN_URL;
          const signals = [this.#closing.signal, ...(init?.signal ? [init.signal] : [])];
          return fetch(isToken ? tokenUri : input, {
            ...init,
            signal: AbortSignal.any(signals),
            client: this.#http,
          });
        },
      },
    });
    this.#api = sheets({ version: "v4", auth: this.#auth, rootUrl: apiRoot, retry: false });
  }

  /**
   * The answer's body.
   *
   * @throws {Error} the library's error, which contains the request: never log it as it is.
   */
  async call<T>(request: GoogleRequest<T>, signal: AbortSignal): Promise<T> {
    try {
      return await this.callOnce(request, signal);
    } catch (error) {
      if (!isTokenRefused(error)) throw error;
      return await this.callOnce(request, signal);
    }
  }

  /** Like {@link call}, but doesn't repeat the request after a 401; the next call asks for a new token. */
  async callOnce<T>(request: GoogleRequest<T>, signal: AbortSignal): Promise<T> {
    try {
      return await this.#send(request, signal);
    } catch (error) {
      // The library uses a token until it expires, even after Google refused it.
      if (isTokenRefused(error)) forgetToken(this.#auth);
      throw error;
    }
  }

  /** Aborts the calls under way; they reject. */
  [Symbol.dispose](): void {
    this.#closing.abort();
    this.#http.close();
  }

  /** One request. The library's own `signal` doesn't abort the request for a token that may precede it. */
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
