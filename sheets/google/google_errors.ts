import * as v from "valibot";
import { SheetError } from "../sheet.ts";

/** What the sentences to the operator name. */
export interface SheetLocation {
  readonly name: string;
  readonly tab: string;
  readonly spreadsheetId: string;
  readonly clientEmail: string;
  /** What a 400 is about: these very rows, or how the spreadsheet is set up. */
  readonly refused: "refused" | "setup";
}

/**
 * What an error of the Google client means, as a new error that holds nothing of the request: a
 * {@link SheetError} where Google answered, a plain `Error` where the outcome is unknown.
 *
 * The shapes are those of https://cloud.google.com/apis/design/errors and, for the token endpoint, RFC 6749.
 */
export function explainGoogleError(error: unknown, place: SheetLocation): Error {
  const failure = v.safeParse(Failure, error);
  if (!failure.success) {
    // What comes from elsewhere than a request can't hold one.
    return error instanceof Error && !("config" in error) ? error : new Error(`${place.name} failed`);
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
  if (isToken.success) return setup(tokenSentence(isToken.output, place));

  const { message: said, status, details, errors } = v.parse(ApiBody, response.data).error;
  const reasons = new Set([status, ...[...details, ...errors].map(({ reason }) => reason)]);
  switch (response.status) {
    case 401:
      return setup(`Google doesn't accept the key of ${place.clientEmail}: make a new key for this account.`);
    case 403:
      if (RATE_REASONS.some((reason) => reasons.has(reason))) return busy();
      if (DISABLED_REASONS.some((reason) => reasons.has(reason))) {
        return setup(`Enable the Google Sheets API in the Google Cloud project of ${place.clientEmail}.`);
      }
      return setup(`Share the spreadsheet ${place.spreadsheetId} with ${place.clientEmail} as Editor.`);
    case 404:
      return setup(
        `There is no spreadsheet with the id ${place.spreadsheetId}: take the id from its URL, or restore it.`,
      );
  }
  const sentence = SENTENCES.find(([pattern]) => pattern.test(said))?.[1](place);
  if (sentence) return setup(sentence);
  if (TOO_LONG.test(said)) {
    return new SheetError(place.refused, "A cell holds more than Google's 50,000 characters.");
  }
  // What Google said isn't repeated: it may quote a cell.
  const mark = [response.status, status].filter(Boolean).join(" ");
  return place.refused === "refused"
    ? new SheetError("refused", `Google refuses these rows (${mark}).`)
    : setup(`Google refuses to open the tab "${place.tab}" (${mark}).`);
}

/** `Retry-After` in milliseconds, given as seconds or as an HTTP date; 0 when there is none (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | null, now: number): number {
  if (!header) return 0;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

/** Whether Google refused a range because it begins below the last row. */
export function isBeyondGrid(error: unknown): boolean {
  const failure = v.safeParse(Failure, error);
  if (!failure.success || failure.output.response?.status !== 400) return false;
  return /exceeds grid limits/.test(v.parse(ApiBody, failure.output.response.data).error.message);
}

function tokenSentence(
  { error, error_description: said }: v.InferOutput<typeof TokenBody>,
  place: SheetLocation,
): string {
  if (/timeframe|\biat\b|\bexp\b/.test(said)) {
    return "This machine's clock is wrong, so Google gives no token: set the clock.";
  }
  if (/signature/i.test(said)) {
    return `The key of ${place.clientEmail} was deleted or disabled: make a new key for this account.`;
  }
  if (/not found|deleted|disabled/i.test(said)) {
    return `The service account ${place.clientEmail} is gone or disabled: enable it or make another.`;
  }
  return `Google gives no token to ${place.clientEmail} (${
    error.slice(0, 50)
  }): check the account and its key.`;
}

/** Whether the API, and not the token endpoint, answered 401. */
export function isTokenRefused(error: unknown): boolean {
  const failure = v.safeParse(Failure, error);
  if (!failure.success || failure.output.response?.status !== 401) return false;
  return !v.is(TokenBody, failure.output.response.data);
}

/** An append to a tab whose first row is empty doesn't look for the end of what stands below. */
export function emptyFirstRow(tab: string): SheetError {
  return new SheetError(
    "setup",
    `The first row of the tab "${tab}" is empty, but there are rows below: delete the empty rows above the header.`,
  );
}

/** A tab that was there before is not there any more. */
export function missingTab(tab: string): SheetError {
  return new SheetError("setup", missingTabSentence(tab));
}

function missingTabSentence(tab: string): string {
  return `The tab "${tab}" is missing: give it its name back, or make a tab of that name.`;
}

/** What Google says of a 400 that no other row would cure, and what to do about it. */
const SENTENCES: readonly (readonly [RegExp, (place: SheetLocation) => string])[] = [
  [
    /unable to parse range/i,
    ({ tab }) => missingTabSentence(tab),
  ],
  [
    /exceeds grid limits/i,
    ({ tab }) => `The tab "${tab}" has lost columns: it needs five, A to E.`,
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
/** 408, 409 and 429 are as passing as a 5xx. */
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

/** A network error's message without the address, which holds the spreadsheet's id. */
function withoutUrl(message: string): string {
  return message.replace(/ for url \([^)]*\)/, "");
}
