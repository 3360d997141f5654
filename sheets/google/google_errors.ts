/** Errors of Google, in sentences for the operator. */
import * as v from "valibot";
import { SheetError } from "../sheet.ts";

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
  const failure = v.safeParse(Failure, error);
  if (!failure.success) {
    // An error from elsewhere can't contain a request.
    return error instanceof Error && !("config" in error) ? error : new Error(`${location.name} failed`);
  }
  const { response, code, message } = failure.output;
  if (!response) {
    const reason = code === "TimeoutError" ? "no answer in time" : withoutUrl(message);
    return new Error(`Google was not reached or didn't answer: ${reason}`);
  }
  if (response.status < 400) return new Error(`Google's answer broke off: ${withoutUrl(message)}`);

  const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), Date.now());
  const busy = () =>
    new SheetError("busy", `Google asks for patience (${response.status}).`, { retryAfterMs });
  const setup = (sentence: string) => new SheetError("setup", sentence, { retryAfterMs });

  if (BUSY_STATUSES.has(response.status) || response.status >= 500) return busy();
  const isToken = v.safeParse(TokenBody, response.data);
  if (isToken.success) return setup(tokenSentence(isToken.output, location));

  const { message: said, status, details, errors } = v.parse(ApiBody, response.data).error;
  const reasons = new Set([status, ...[...details, ...errors].map(({ reason }) => reason)]);
  switch (response.status) {
    case 401:
      return setup(
        `Google doesn't accept the key of ${location.clientEmail}: make a new key for this account.`,
      );
    case 403:
      if (RATE_REASONS.some((reason) => reasons.has(reason))) return busy();
      if (DISABLED_REASONS.some((reason) => reasons.has(reason))) {
        return setup(`Enable the Google Sheets API in the Google Cloud project of ${location.clientEmail}.`);
      }
      return setup(`Share the spreadsheet ${location.spreadsheetId} with ${location.clientEmail} as Editor.`);
    case 404:
      return setup(
        `There is no spreadsheet with the id ${location.spreadsheetId}: take the id from its URL, or restore it.`,
      );
  }
  const sentence = SENTENCES.find(([pattern]) => pattern.test(said))?.[1](location);
  if (sentence) return setup(sentence);
  if (TOO_LONG.test(said)) {
    return new SheetError(location.refused, "A cell holds more than Google's 50,000 characters.");
  }
  // Google's own sentence is left out: it may quote a cell.
  const answer = [response.status, status].filter(Boolean).join(" ");
  return location.refused === "refused"
    ? new SheetError("refused", `Google refuses these rows (${answer}).`)
    : setup(`Google refuses to open the tab "${location.tab}" (${answer}).`);
}

/** `Retry-After` in milliseconds, given as seconds or as an HTTP date; 0 when there is none (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | null, now: number): number {
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
  location: SheetLocation,
): string {
  if (/timeframe|\biat\b|\bexp\b/.test(said)) {
    return "This machine's clock is wrong, so Google gives no token: set the clock.";
  }
  if (/signature/i.test(said)) {
    return `The key of ${location.clientEmail} was deleted or disabled: make a new key for this account.`;
  }
  if (/not found|deleted|disabled/i.test(said)) {
    return `The service account ${location.clientEmail} is gone or disabled: enable it or make another.`;
  }
  return `Google gives no token to ${location.clientEmail} (${
    error.slice(0, 50)
  }): check the account and its key.`;
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
  );
}

/** The error for a tab that existed before and is missing now. */
export function missingTab(tab: string): SheetError {
  return new SheetError("setup", missingTabSentence(tab));
}

function missingTabSentence(tab: string): string {
  return `The tab "${tab}" is missing: give it its name back, or make a tab of that name.`;
}

/** Sentences of Google with a 400 that other rows would get as well, and what to do. */
const SENTENCES: readonly (readonly [RegExp, (location: SheetLocation) => string])[] = [
  [
    /unable to parse range/i,
    ({ tab }) => missingTabSentence(tab),
  ],
  [
    /exceeds grid limits/i,
    ({ tab }) => `The tab "${tab}" has lost columns: it needs all those of its header.`,
  ],
  [
    /above the limit of|10000000 cells/i,
    () => "The spreadsheet is full (10 million cells): delete tabs or rows, or use another spreadsheet.",
  ],
  [
    /protected cell/i,
    ({ tab, clientEmail }) =>
      `The tab "${tab}" is protected: let ${clientEmail} edit it, or lift the protection.`,
  ],
  [
    /not supported for this document/i,
    ({ spreadsheetId }) =>
      `${spreadsheetId} is an Office file: save it as a Google Sheet and use that one's id.`,
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
