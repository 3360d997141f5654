/** `/api/log`: the delivery of rows to the sheet, for admins and the service. */
import { Hono } from "hono";
import * as v from "valibot";
import type { Outbox } from "../../rooms/messages/outbox.ts";
import type { DeliveryFigures } from "../../rooms/stats/dashboard.ts";
import type { ApiEnv } from "./gate.ts";
import { jsonIn, requestBody } from "./request_body.ts";
import { HttpError } from "../errors.ts";
import { DAY, startOfDay } from "./reports/report_order.ts";
import { requireAdmin } from "./require_admin.ts";

const Retry = v.object({ id: v.optional(v.pipe(v.string(), v.length(26, '"id" must be a message\'s id'))) });

const Verify = v.object({
  from: v.nullish(
    v.pipe(
      v.string(),
      v.regex(DAY, '"from" must be a day such as 2026-03-01'),
      v.check(isDate, '"from" is no day'),
    ),
  ),
  repair: v.optional(v.boolean('"repair" must be true or false'), false),
});

/** How the rows of the sheets differ from what was said: ids of messages and of changes. */
export interface Verdict {
  /** The number of rows that were compared. */
  readonly rows: number;
  /** Messages without a row. */
  readonly missing: readonly string[];
  /** Messages with more than one row. */
  readonly doubled: readonly string[];
  /** Messages whose row differs. */
  readonly changed: readonly string[];
  /** Rows with an id of no message. */
  readonly foreign: readonly string[];
  /** Why sheets that rooms have of their own, or had, can't be read: their rows aren't compared. */
  readonly unread?: readonly string[];
  /** Rows that were altered, or that follow a removed one; missing where rows have no proofs. */
  readonly unproven?: readonly string[];
}

/** What a check of the sheet has found. */
export interface SheetCheck {
  /** The steps that are done. */
  readonly done: readonly string[];
  /** What is in the way: the key of a sentence, the sentence in English, and what it names. */
  readonly problem?: {
    readonly code: string;
    readonly message: string;
    readonly values: Readonly<Record<string, string>>;
  };
}

/** A row that the sheet refused for good. */
export interface RefusedRow {
  readonly id: string;
  readonly room: string;
  readonly username: string;
  readonly message: string;
  readonly time: string;
  /** What the sheet said; and which sentence that is, for pages in other languages. */
  readonly cause: string;
  readonly problem: Omit<NonNullable<SheetCheck["problem"]>, "message"> | undefined;
  readonly is_retried: boolean;
}

/** The spreadsheet and the tab that a room has of its own. */
export interface OwnSheet {
  /** The spreadsheet's id. */
  readonly spreadsheet: string;
  readonly tab: string;
}

/** The delivery of rows, as operators see and help it. */
export interface RowDelivery {
  /** The sheet's name, for people. */
  readonly sheet: string;
  /** `state` is `idle`, `writing`, `elsewhere`, `retrying` or `paused`; the last two come with a reason. */
  readonly status: { readonly state: string; readonly reason?: string; readonly since?: string };
  /** What the operator should know though rows are written. */
  readonly notice: { readonly code: string; readonly message: string; readonly since: string } | undefined;
  figures(): Promise<DeliveryFigures>;
  refusedRows(): Promise<readonly RefusedRow[]>;
  /** The same as CSV with the sheet's columns. */
  refusedRowsAsCsv(): Promise<string>;
  /** Tries once what writing rows needs, for the common sheet or for one that a room may get. */
  check(own?: OwnSheet): Promise<SheetCheck>;
  /** The key of the proofs of rows; `undefined` without that column. Secret. */
  readonly proofKey: Uint8Array | undefined;
  /** The rooms that have a sheet of their own. */
  readonly roomSheets: {
    /** `undefined`: the common sheet. */
    now(room: string): Promise<OwnSheet | undefined>;
    /** The rooms for which somebody chose this spreadsheet. */
    roomsOf(spreadsheet: string): Promise<readonly string[]>;
    /** Moves a room to another sheet from now on; `undefined`: the common one. */
    move(room: string, own: OwnSheet | undefined): Promise<void>;
  };
  /** The sheet of the others, and the address with which people share theirs; texts are empty where rows go to files. */
  readonly common: OwnSheet & { readonly email: string };
  /** Compares the rows from a time on, in ms since the epoch; with `isRepair`, has missing ones appended. */
  verify(from: number, isRepair: boolean): Promise<Verdict>;
  /** Retries one dead letter, or all; answers how many. Also ends every pause at once. */
  retry(id: string | undefined): Promise<number>;
}

/** Handles `/api/log`. */
export function sheetApi(
  parts: { outbox: Outbox; delivery: RowDelivery; timeZone: string },
): Hono<ApiEnv> {
  const { outbox, delivery, timeZone } = parts;
  const app = new Hono<ApiEnv>();

  app.use(requireAdmin("The log is for admins, and for the service's token: Authorization: Bearer …"));

  app.get("/", async (c) => {
    const dead = await delivery.refusedRows();
    return c.json({ sheet: delivery.sheet, ...delivery.status, pending: outbox.depth, dead: dead.length });
  });

  app.get("/dead", async (c) => c.json({ dead: await delivery.refusedRows() }));

  app.get("/dead.csv", async (c) => {
    return c.body(await delivery.refusedRowsAsCsv(), 200, { "content-type": "text/csv; charset=utf-8" });
  });

  app.post("/retry", async (c) => {
    const { id } = requestBody(Retry, await jsonIn(c.req.raw));
    const retried = await delivery.retry(id);
    if (id !== undefined && !retried) throw new HttpError(404, "not_found", `There is no dead letter ${id}`);
    return c.json({ retried }, 202);
  });

  app.get("/key", (c) => {
    const { proofKey } = delivery;
    if (!proofKey) {
      throw new HttpError(404, "not_found", "Rows have no proofs: SHEET_COLUMNS doesn't name proof");
    }
    c.header("cache-control", "no-store");
    return c.json({ key: proofKey.toHex() });
  });

  app.post("/check", async (c) => c.json(await delivery.check()));

  app.post("/verify", async (c) => {
    const { from, repair } = requestBody(Verify, await jsonIn(c.req.raw));
    try {
      return c.json(await delivery.verify(from ? startOfDay(from, timeZone) : 0, repair));
    } catch (error) {
      if (!(error instanceof Error && error.name === "SheetError")) throw error;
      throw new HttpError(503, "not_ready", error.message);
    }
  });

  return app;
}

function isDate(day: string): boolean {
  return !Number.isNaN(Date.parse(day));
}
