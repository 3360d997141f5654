import { GoogleError } from "./google_error.ts";
import { FaultScript, type Operation } from "./google_faults.ts";
import { type HttpOutcome, type HttpRequest, HttpServer } from "./google_http.ts";
import { Spreadsheet } from "./google_spreadsheet.ts";
import type { Tab } from "./google_tab.ts";
import { type KeyFile, TokenEndpoint } from "./google_token.ts";

/** Google's advice of 2 MB a request, taken as a rule. */
const MAX_REQUEST_BYTES = 2_097_152;

export interface GoogleSheetsOptions {
  /** The clock for tokens and quota, in milliseconds. */
  readonly now?: () => number;
  /** Reads, and writes, that one user may do a minute; Google gives 60. Unlimited unless told. */
  readonly quotaPerMinute?: number;
}

/** One request as the stand-in saw it. */
export interface Seen {
  readonly operation: Operation;
  readonly rows: number;
  readonly connection: number;
  readonly at: number;
}

/**
 * A stand-in for Google that keeps Google's rules, so that the real client can be driven against it: signed
 * assertions, expiring tokens, sharing, quota, cell limits, tables, error bodies; and that fails as told by
 * {@link faults}. It holds one service account, one spreadsheet, and those that a test adds.
 */
export class GoogleSheets implements AsyncDisposable {
  /** The service account's key as Google hands it out; its `token_uri` leads here. */
  readonly key: KeyFile;
  readonly url: string;
  readonly spreadsheetId = "1StandIn";
  readonly faults = new FaultScript();
  readonly requests: Seen[] = [];
  readonly spreadsheet = new Spreadsheet(this.spreadsheetId);
  readonly token: TokenEndpoint;
  readonly network: HttpServer;
  /** Whether the API is switched on in the account's project. */
  isEnabled = true;
  isDeleted = false;
  /** Whether a rule of the organisation keeps accounts of other domains out. */
  isClosed = false;
  readonly #options: Required<GoogleSheetsOptions>;
  /** The spreadsheets that were added, by their ids. */
  readonly #others = new Map<string, Spreadsheet>();
  /** How the spreadsheets are shared with the account; one that is missing isn't. */
  readonly #roles = new Map<string, "writer" | "reader">([[this.spreadsheetId, "writer"]]);
  readonly #used = { since: -Infinity, Read: 0, Write: 0 };

  /** Starts one on a free port. */
  static async start(options: GoogleSheetsOptions = {}): Promise<GoogleSheets> {
    const all = { now: Date.now, quotaPerMinute: Infinity, ...options };
    const token = new TokenEndpoint(all.now);
    // The server's address is part of the key, and the key part of what the server checks.
    const handler: { handle?: (request: HttpRequest) => Promise<HttpOutcome> } = {};
    const network = new HttpServer((request) =>
      handler.handle?.(request) ?? Promise.resolve({ outcome: "drop" })
    );
    const google = new GoogleSheets(all, token, await token.keyFile(`${network.origin}/token`), network);
    handler.handle = (request) => google.#handle(request);
    return google;
  }

  private constructor(
    options: Required<GoogleSheetsOptions>,
    token: TokenEndpoint,
    key: KeyFile,
    network: HttpServer,
  ) {
    this.#options = options;
    this.token = token;
    this.key = key;
    this.network = network;
    this.url = network.origin;
  }

  /** The rows of a tab, header included; a test may edit them as a person would. */
  rows(title: string): string[][] {
    return this.spreadsheet.tab(title)?.rows ?? [];
  }

  /** The tab, which must be there. */
  tab(title: string): Tab {
    const tab = this.spreadsheet.tab(title);
    if (!tab) throw new Error(`No tab ${title} in the stand-in`);
    return tab;
  }

  /** Shares a spreadsheet with the service account; `undefined` takes it back. */
  share(role: "writer" | "reader" | undefined, spreadsheetId = this.spreadsheetId): void {
    if (role) this.#roles.set(spreadsheetId, role);
    else this.#roles.delete(spreadsheetId);
  }

  /** Adds a spreadsheet of somebody else's, which isn't shared yet. */
  add(spreadsheetId: string): Spreadsheet {
    const spreadsheet = new Spreadsheet(spreadsheetId);
    this.#others.set(spreadsheetId, spreadsheet);
    return spreadsheet;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.network[Symbol.asyncDispose]();
  }

  async #handle(request: HttpRequest): Promise<HttpOutcome> {
    const operation = operationOf(request);
    const rows = operation === "append" ? JSON.parse(request.body).values.length : 0;
    this.requests.push({ operation, rows, connection: request.connection, at: this.#options.now() });
    return await this.faults.play(operation, async () => {
      if (request.url.pathname.startsWith("/computeMetadata/")) {
        const isAsked = request.headers.get("metadata-flavor") === "Google";
        return { status: isAsked ? 200 : 403, body: JSON.stringify(this.token.give()) };
      }
      if (request.url.pathname.startsWith("/service_accounts/")) {
        return { status: 200, body: JSON.stringify(this.token.certificates()) };
      }
      if (operation === "token") {
        const { status, json } = await this.token.grant(request.body);
        return { status, body: JSON.stringify(json) };
      }
      try {
        this.#admit(operation, request);
        const answer = await this.#answer(operation, request);
        const fields = request.url.searchParams.get("fields");
        const body = JSON.parse(JSON.stringify(answer));
        return { status: 200, body: JSON.stringify(fields ? masked(body, fields) : body) };
      } catch (error) {
        if (!(error instanceof GoogleError)) throw error;
        return { status: error.code, body: JSON.stringify(error) };
      }
    });
  }

  /** Google's checks in Google's order, before any work. */
  #admit(operation: Operation, { url, headers, body }: HttpRequest): void {
    if (!this.token.accountOf(headers.get("authorization"))) throw GoogleError.unauthenticated();
    if (!this.isEnabled) throw GoogleError.disabled(this.key.project_id);
    const kind = operation === "append" || operation === "change" ? "Write" : "Read";
    const now = this.#options.now();
    if (now - this.#used.since >= 60_000) Object.assign(this.#used, { since: now, Read: 0, Write: 0 });
    if (++this.#used[kind] > this.#options.quotaPerMinute) throw GoogleError.overQuota(kind);
    const { id } = this.#spreadsheetAt(url);
    if (this.isClosed) throw GoogleError.policy();
    const role = this.#roles.get(id);
    if (!role || (kind === "Write" && role === "reader")) throw GoogleError.notShared();
    if (body.length > MAX_REQUEST_BYTES) {
      throw GoogleError.invalid(`Request payload size exceeds the limit: ${MAX_REQUEST_BYTES} bytes.`);
    }
  }

  #spreadsheetAt({ pathname }: URL): Spreadsheet {
    const id = /^\/v4\/spreadsheets\/([\w-]+)/.exec(pathname)?.[1] ?? "";
    const own = this.isDeleted ? undefined : this.spreadsheet;
    const spreadsheet = id === this.spreadsheetId ? own : this.#others.get(id);
    if (!spreadsheet) throw GoogleError.notFound();
    return spreadsheet;
  }

  #answer(operation: Operation, { method, url, body }: HttpRequest): unknown {
    const query = url.searchParams;
    const range = decodeURIComponent(url.pathname.split("/values/")[1]?.replace(/:append$/, "") ?? "");
    const spreadsheet = this.#spreadsheetAt(url);
    if (operation === "get") return spreadsheet.toJSON();
    if (operation === "read") return spreadsheet.read(range, query);
    const json = JSON.parse(body);
    if (operation === "append") return spreadsheet.append(range, json.values, query);
    return method === "PUT" ? spreadsheet.update(range, json.values, query) : spreadsheet.batchUpdate(json);
  }
}

function operationOf({ method, url: { pathname } }: HttpRequest): Operation {
  if (pathname === "/token" || /^\/(computeMetadata|service_accounts)\//.test(pathname)) return "token";
  if (pathname.endsWith(":append")) return "append";
  if (method !== "GET") return "change";
  return pathname.includes("/values/") ? "read" : "get";
}

/** A partial response: `a.b,c(d,e)` keeps only those, in lists for each element. */
function masked(json: unknown, fields: string): unknown {
  if (Array.isArray(json)) return json.map((element) => masked(element, fields));
  if (typeof json !== "object" || json === null) return json;
  const kept: Record<string, unknown> = {};
  for (const field of fields.match(/[^,(]+(\((?:[^()]|\([^()]*\))*\))?/g) ?? []) {
    const [, name, dotted, grouped] = /^(\w+)(?:\.(.+)|\((.*)\))?$/.exec(field.trim()) ?? [];
    const value = (json as Record<string, unknown>)[name];
    if (value === undefined) continue;
    kept[name] = dotted || grouped ? masked(value, dotted ?? grouped) : value;
  }
  return kept;
}

/** Started by itself it prints its address, spreadsheet and key, and serves until it is killed. */
if (import.meta.main) {
  const { url, spreadsheetId, key } = await GoogleSheets.start();
  // deno-lint-ignore no-console -- this is its output
  console.log(JSON.stringify({ url, spreadsheetId, key }));
}
