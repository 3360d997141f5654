/** One account of Google, and the one client by which all its tabs are reached. */
import type { sheets_v4 as v4 } from "googleapis";
import type { GoogleClient } from "./google_client.ts";
import type { RequestBudget, RequestKind } from "./request_budget.ts";
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
  /** Counts the requests; without one, Google's quota does. */
  readonly budget?: Pick<RequestBudget, "spend">;
}

/** The tabs of a spreadsheet, and when that was asked, in ms. */
interface Described {
  readonly at: number;
  readonly tabs: Promise<v4.Schema$Sheet[]>;
}

/** How long what is known of the tabs of a spreadsheet is good for opening one: many are opened one after the other. */
const FRESH_MS = 30_000;

/** The account by which spreadsheets are written. */
export class GoogleAccount implements AsyncDisposable {
  /** The address with which the operator shares a spreadsheet. */
  readonly email: string;
  readonly #options: Required<Omit<GoogleAccountOptions, "budget">> & Pick<GoogleAccountOptions, "budget">;
  /** By the ids of spreadsheets. */
  readonly #described = new Map<string, Described>();
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

  /** Counts a request that is about to be sent; a read may have to wait for the quota. */
  async spend(kind: RequestKind, signal: AbortSignal): Promise<void> {
    await this.#options.budget?.spend(kind, signal);
  }

  /** The tabs of a spreadsheet as they were within the last 30 s, or as `describe` finds them now. */
  tabsOf(spreadsheetId: string, describe: () => Promise<v4.Schema$Sheet[]>): Promise<v4.Schema$Sheet[]> {
    const known = this.#described.get(spreadsheetId);
    if (known && performance.now() - known.at < FRESH_MS) return known.tabs;
    const tabs = describe();
    this.#described.set(spreadsheetId, { at: performance.now(), tabs });
    tabs.catch(() => this.forgetTabs(spreadsheetId));
    return tabs;
  }

  /** The tabs of a spreadsheet have changed, or aren't as they are said to be. */
  forgetTabs(spreadsheetId: string): void {
    this.#described.delete(spreadsheetId);
  }

  /** Aborts all requests. */
  async [Symbol.asyncDispose](): Promise<void> {
    (await this.#client?.catch(() => undefined))?.[Symbol.dispose]();
  }
}
