/** `/reports/:id`: the file of a report, for its owner and admins. */
import { type Context, Hono } from "hono";
import type { Report } from "../../../rooms/reports/report.ts";
import type { Reports } from "../../../rooms/reports/open_reports.ts";
import { mayEnter, type PermissionStore } from "../../../rooms/access/room_permissions.ts";
import type { ApiEnv } from "../gate.ts";
import { HttpError } from "../../errors.ts";
import { noEntry } from "../messages/room_reader.ts";
import { accountIn, isOwnReport, noSuchReport } from "./reports.ts";

const TYPES: Readonly<Record<string, string>> = {
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  csv: "text/csv; charset=utf-8",
};

/** The route of reports' files. A browser that isn't signed in is redirected to the page for it. */
export function reportFiles(options: {
  reports: Reports;
  roomPermissions: PermissionStore;
  /** For dates in names of files. */
  timeZone: string;
}): Hono<ApiEnv> {
  const { reports, roomPermissions, timeZone } = options;
  // The Swedish format is that of ISO 8601.
  const days = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" });

  return new Hono<ApiEnv>().get("/:id", async (c, next) => {
    const isPerson = c.req.header("accept")?.includes("text/html") ?? false;
    const { caller } = c.var;
    if (isPerson && (typeof caller !== "object" || caller.user.isGuest)) {
      return c.redirect(`/account/sign-in/?to=${encodeURIComponent(c.req.path)}`);
    }
    const user = accountIn(caller);
    const report = await reports.get(c.req.param("id"));
    if (!report || !isOwnReport(report, user)) {
      // People get the page "not found" instead of JSON.
      if (isPerson) return await next();
      throw noSuchReport();
    }
    // People who lost access to the room must not read its messages here.
    const now = await roomPermissions.of(report.room);
    if (!mayEnter(now, user)) throw noEntry(now, user);
    if (report.outcome !== "completed") {
      throw new HttpError(409, "not_ready", "This report isn't ready: look at /reports/ how far it is");
    }
    const format = c.req.query("format") ?? "xlsx";
    if (!Object.hasOwn(report.files, format)) {
      throw new HttpError(
        400,
        "invalid_format",
        `This report comes as ${Object.keys(report.files).join(" or ")}`,
      );
    }
    const day = days.format(report.askedAt);
    return send(c, report, { format, day }, ReadableStream.from(reports.read(report, format)));
  });
}

/** Sends a file. CSV is stored as gzip, and sent as it is to clients that accept that. */
function send(
  c: Context,
  { id, type, room, files }: Report,
  { format, day }: { format: string; day: string },
  stored: ReadableStream<Uint8Array<ArrayBuffer>>,
): Response {
  const name = encodeURIComponent(`${room}-${type}-${day}.${format}`);
  const isPacked = format === "csv";
  const takesPacked = /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(c.req.header("accept-encoding") ?? "");
  const mustUnpack = isPacked && !takesPacked;
  const body = mustUnpack ? stored.pipeThrough(new DecompressionStream("gzip")) : stored;
  return c.body(body, 200, {
    "content-type": TYPES[format],
    // RFC 6266: the plain name is for clients that don't know the other form.
    "content-disposition": `attachment; filename="${type}-${id}.${format}"; filename*=UTF-8''${name}`,
    "cache-control": "private, no-store",
    "content-security-policy": "sandbox",
    vary: "Accept-Encoding, Cookie",
    ...(isPacked && takesPacked ? { "content-encoding": "gzip" } : {}),
    ...(mustUnpack ? {} : { "content-length": String(files[format].bytes) }),
  });
}
