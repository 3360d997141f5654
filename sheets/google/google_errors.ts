/** Errors of Google, in sentences for the operator. */
import * as v from "valibot";
import { NoAnswerError, SheetError } from "../sheet.ts";

/** What the sentences for the operator name. */
export interface SheetLocation {
  readonly name: string;
  readonly tab: string;
  readonly spreadsheetId: string;
  readonly clientEmail: string;
  /** What a 400 means: that these rows are refused, or that the spreadsheet is set up wrongly. */
  readonly refused: "refused" | "setup";
}

/**
 * The meaning of an error of the Google client, as a new error that contains nothing of the request: a {@link SheetError}
 * when Google answered, a plain `Error` when the outcome is unknown.
 *
 * The shapes are those of https://cloud.google.com/apis/design/errors and, for the token endpoint, RFC 6749.
 */
export function explainGoogleError(error: unknown, location: SheetLocation): Error {
  if (error instanceof SheetError) return error;
  const failure = v.safeParse(Failure, error);
  if (!failure.success) {
    // An error from elsewhere can't contain a request.
    return error instanceof Error && !("config" in error) ? error : new Error(`${location.name} failed`);
  }
  const { response, code, message } = failure.output;
  if (!response) {
    const reason = code === "TimeoutError" ? "no answer in time" : withoutUrl(message);
    return new NoAnswerError(`Google was not reached or didn't answer: ${reason}`);
  }
  if (response.status < 400) return new NoAnswerError(`Google's answer broke off: ${withoutUrl(message)}`);

  const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), Date.now());
  const busy = () =>
    new SheetError("busy", `Google asks for patience (${response.status}).`, { retryAfterMs });
  const { clientEmail: email, spreadsheetId: spreadsheet, tab } = location;
  const named = { email, spreadsheet, tab };
  const setup = ([code, sentence]: Sentence) =>
    new SheetError("setup", sentence, { retryAfterMs, code, values: named });

  if (BUSY_STATUSES.has(response.status) || response.status >= 500) return busy();
  if (/text\/html/.test(response.headers.get("content-type") ?? "") || response.status === 407) {
    return setup(["proxy", PROXY]);
  }
  const isToken = v.safeParse(TokenBody, response.data);
  if (isToken.success) return setup(tokenSentence(isToken.output, location));

  const { message: said, status, details, errors } = v.parse(ApiBody, response.data).error;
  const reasons = new Set([status, ...[...details, ...errors].map(({ reason }) => reason)]);
  switch (response.status) {
    case 401:
      return setup([
        "key_refused",
        `Google doesn't accept the key of ${location.clientEmail}: make a new key for this account.`,
      ]);
    case 403:
      if (RATE_REASONS.some((reason) => reasons.has(reason))) return busy();
      if (DISABLED_REASONS.some((reason) => reasons.has(reason))) {
        return setup([
          "api_off",
          `Enable the Google Sheets API in the Google Cloud project of ${location.clientEmail}.`,
        ]);
      }
      if (POLICY_REASONS.some((reason) => reasons.has(reason))) {
        return setup([
          "policy",
          `A rule of your organisation keeps ${location.clientEmail} out: let an administrator allow sharing with it, or use ` +
          "an account of your own domain (sheets/README.md).",
        ]);
      }
      return setup([
        "not_shared",
        `Share the spreadsheet ${location.spreadsheetId} with ${location.clientEmail} as Editor.`,
      ]);
    case 404:
      return setup([
        "no_spreadsheet",
        `There is no spreadsheet with the id ${location.spreadsheetId}: take the id from its URL, or restore it.`,
      ]);
  }
  const sentence = SENTENCES.find(([pattern]) => pattern.test(said))?.[1](location);
  if (sentence) return setup(sentence);
  if (TOO_LONG.test(said)) {
    return new SheetError(location.refused, "A cell holds more than Google's 50,000 characters.", {
      code: "cell_too_long",
    });
  }
  // Google's own sentence is left out: it may quote a cell.
  const answer = [response.status, status].filter(Boolean).join(" ");
  return location.refused === "refused"
    ? new SheetError("refused", `Google refuses these rows (${answer}).`, {
      code: "rows_refused",
      values: { answer },
    })
    : setup(["other", `Google refuses to open the tab "${location.tab}" (${answer}).`]);
}

/** `Retry-After` in milliseconds, given as seconds or as an HTTP date; 0 when there is none (RFC 9110, 10.2.3). */
function parseRetryAfter(header: string | null, now: number): number {
  if (!header) return 0;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

/** Whether Google refused a range that begins below the last row. */
export function isBeyondGrid(error: unknown): boolean {
  const failure = v.safeParse(Failure, error);
  if (!failure.success || failure.output.response?.status !== 400) return false;
  return /exceeds grid limits/.test(v.parse(ApiBody, failure.output.response.data).error.message);
}

function tokenSentence(
  { error, error_description: said }: v.InferOutput<typeof TokenBody>,
  { clientEmail }: SheetLocation,
): Sentence {
  if (/timeframe|\biat\b|\bexp\b/.test(said)) {
    return ["clock", "This machine's clock is wrong, so Google gives no token: set the clock."];
  }
  if (/signature/i.test(said)) {
    return [
      "key_deleted",
      `The key of ${clientEmail} was deleted or disabled: make a new key for this account.`,
    ];
  }
  if (/not found|deleted|disabled/i.test(said)) {
    return [
      "account_gone",
      `The service account ${clientEmail} is gone or disabled: enable it or make another.`,
    ];
  }
  if (error === "unauthorized_client") {
    return [
      "subject",
      `Google lets the service account not act for ${clientEmail}: allow its client id domain-wide delegation for ` +
      "https://www.googleapis.com/auth/spreadsheets, or take GOOGLE_SUBJECT out.",
    ];
  }
  return [
    "token",
    `Google gives no token to ${clientEmail} (${error.slice(0, 50)}): check the account and its key.`,
  ];
}

/** Whether the API, and not the token endpoint, answered 401. */
export function isTokenRefused(error: unknown): boolean {
  const failure = v.safeParse(Failure, error);
  if (!failure.success || failure.output.response?.status !== 401) return false;
  return !v.is(TokenBody, failure.output.response.data);
}

/** The error for a tab whose first row is empty: an append would not find the end of the rows below. */
export function emptyFirstRow(tab: string): SheetError {
  return new SheetError(
    "setup",
    `The first row of the tab "${tab}" is empty, but there are rows below: delete the empty rows above the header.`,
    { code: "empty_first_row", values: { tab } },
  );
}

/** The error for an answer that can't be Google's. */
export function foreignAnswer(): SheetError {
  return new SheetError("setup", PROXY, { code: "proxy" });
}

/** The error for a tab that existed before and is missing now. */
export function missingTab(tab: string): SheetError {
  return new SheetError("setup", missingTabSentence(tab), { code: "no_tab", values: { tab } });
}

function missingTabSentence(tab: string): string {
  return `The tab "${tab}" is missing: give it its name back, or make a tab of that name.`;
}

/** The error for a tab that this account may not edit. */
export function protectedTab(tab: string, email: string): SheetError {
  return new SheetError("setup", protectedSentence(tab, email), {
    code: "protected",
    values: { email, tab },
  });
}

function protectedSentence(tab: string, email: string): string {
  return `The tab "${tab}" is protected: let ${email} edit it, or lift the protection.`;
}

/** A code for pages in other languages, and the sentence. */
type Sentence = readonly [code: string, sentence: string];

const FULL =
  "The spreadsheet is full (10 million cells), and no row is lost: let GOOGLE_SHEET_NAME hold {month} and delete " +
  "old tabs once they are saved elsewhere, or use another spreadsheet (GOOGLE_SHEET_ID).";
const PROXY =
  "Something between this machine and Google answers in Google's place, such as a proxy or a sign-in page: let " +
  "this machine reach sheets.googleapis.com and oauth2.googleapis.com.";

/** Sentences of Google with a 400 that other rows would get as well, and what to do. */
const SENTENCES: readonly (readonly [RegExp, (location: SheetLocation) => Sentence])[] = [
  [
    /unable to parse range/i,
    ({ tab }) => ["no_tab", missingTabSentence(tab)],
  ],
  [
    /exceeds grid limits/i,
    ({ tab }) => ["no_columns", `The tab "${tab}" has lost columns: it needs all those of its header.`],
  ],
  [
    /above the limit of|10000000 cells/i,
    () => ["full", FULL],
  ],
  [
    /protected cell/i,
    ({ tab, clientEmail }) => ["protected", protectedSentence(tab, clientEmail)],
  ],
  [
    /not supported for this document/i,
    ({ spreadsheetId }) => [
      "office_file",
      `${spreadsheetId} is an Office file: save it as a Google Sheet and use that one's id.`,
    ],
  ],
];

const TOO_LONG = /more than the maximum of 50000 characters/i;
/** These are as temporary as a 5xx. */
const BUSY_STATUSES = new Set([408, 409, 429]);
const RATE_REASONS = [
  "RESOURCE_EXHAUSTED",
  "RATE_LIMIT_EXCEEDED",
  "rateLimitExceeded",
  "userRateLimitExceeded",
];
const POLICY_REASONS = ["domainPolicy", "DOMAIN_POLICY", "ORG_RESTRICTION_VIOLATION"];
const DISABLED_REASONS = ["SERVICE_DISABLED", "accessNotConfigured"];

const Failure = v.object({
  message: v.string(),
  code: v.optional(v.unknown()),
  config: v.unknown(),
  response: v.optional(
    v.object({ status: v.number(), headers: v.instance(Headers), data: v.optional(v.unknown()) }),
  ),
});

const TokenBody = v.object({ error: v.string(), "error_description": v.fallback(v.string(), "") });

const Reasons = v.fallback(v.array(v.object({ reason: v.fallback(v.string(), "") })), []);
const NOTHING_SAID = { message: "", status: "", details: [], errors: [] };
const ApiBody = v.fallback(
  v.object({
    error: v.object({
      message: v.fallback(v.string(), ""),
      status: v.fallback(v.string(), ""),
      details: Reasons,
      errors: Reasons,
    }),
  }),
  { error: NOTHING_SAID },
);

/** A network error's message without the URL, which contains the spreadsheet's id. */
function withoutUrl(message: string): string {
  return message.replace(/ for url \([^)]*\)/, "");
}
