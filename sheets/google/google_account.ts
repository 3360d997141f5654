/** One account of Google, and the one client by which all its tabs are reached. */
import type { GoogleClient } from "./google_client.ts";
import type { ServiceAccountKey } from "./service_account.ts";
import type { SignIn } from "./sign_in.ts";

/** What a {@link GoogleAccount} works with. */
export interface GoogleAccountOptions {
  readonly signIn: SignIn;
  /** Another origin than Google's, for a stand-in. */
  readonly apiRoot?: string;
  /**
   * Time-out of one request, in ms. Google itself stops after 180 s
   * (https://developers.google.com/workspace/sheets/api/limits), so a request that timed out here may still write its rows
   * until then.
   */
  readonly timeoutMs?: number;
}

/** The account by which spreadsheets are written. */
export class GoogleAccount implements AsyncDisposable {
  /** The address with which the operator shares a spreadsheet. */
  readonly email: string;
  readonly #options: Required<GoogleAccountOptions>;
  #client: Promise<GoogleClient> | undefined;

  constructor(options: GoogleAccountOptions) {
    this.#options = { apiRoot: "https://sheets.googleapis.com", timeoutMs: 60_000, ...options };
    this.email = options.signIn.email;
  }

  /** The key with which it signs in; `undefined` for other ways. */
  get key(): ServiceAccountKey | undefined {
    const { signIn } = this.#options;
    return signIn.kind === "key" ? signIn.key : undefined;
  }

  /** Google's client, loaded at first use: a service that writes to a file never loads it. */
  connect(): Promise<GoogleClient> {
    return this.#client ??= import("./google_client.ts").then(({ GoogleClient }) =>
      new GoogleClient(this.#options)
    );
  }

  /** Aborts all requests. */
  async [Symbol.asyncDispose](): Promise<void> {
    (await this.#client?.catch(() => undefined))?.[Symbol.dispose]();
  }
}
