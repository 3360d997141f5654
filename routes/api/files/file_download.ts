/** `/files/:id/:name`: the bytes of a file, for people who may enter its room. */
import { Hono } from "hono";
import type { PersonIds } from "../../../rooms/access/person_ids.ts";
import { mayEnter, type PermissionStore } from "../../../rooms/access/room_permissions.ts";
import type { Files } from "../../../rooms/files/files.ts";
import type { FileRecord } from "../../../rooms/files/file_records.ts";
import type { ByteRange } from "../../../rooms/files/file_storage.ts";
import { isShown } from "../../../rooms/files/file_type.ts";
import { isId } from "../../../rooms/messages/message.ts";
import { isTellable } from "../../../rooms/user.ts";
import { HttpError } from "../../errors.ts";
import { admitted, type ApiEnv } from "../gate.ts";
import { noEntry } from "../messages/room_reader.ts";

/** The route of files. */
export function fileDownload(options: {
  roomFiles: Files;
  roomPermissions: PermissionStore;
  personIds: PersonIds;
}): Hono<ApiEnv> {
  const { roomFiles, roomPermissions, personIds } = options;

  return new Hono<ApiEnv>().get("/:id/:name", async (c) => {
    const id = c.req.param("id");
    const found = isId(id) ? await roomFiles.find(id) : undefined;
    if (!found) throw noFile();
    const { file, isWaiting } = found;
    const { user } = admitted(await c.var.callerIn(file.room));
    const now = await roomPermissions.of(file.room);
    if (!mayEnter(now, user)) throw noEntry(now, user);
    // What nobody has said yet is its sender's alone, or of who knows its address.
    const isOthers = file.by !== undefined &&
      !(isTellable(user) && personIds.of(file.room, user) === file.by);
    if (isWaiting && isOthers) throw noFile();
    const headers = headersOf(file, c.req.query("download") === "1");
    if (c.req.header("if-none-match") === headers.etag) return c.body(null, 304, headers);
    const range = rangeIn(c.req.header("range"), c.req.header("if-range"), file);
    if (range === "unsatisfiable") {
      return c.body(null, 416, { ...headers, "content-range": `bytes */${file.size}` });
    }
    const { start, end } = range ?? { start: 0, end: file.size };
    headers["content-length"] = String(end - start);
    if (range) headers["content-range"] = `bytes ${start}-${end - 1}/${file.size}`;
    const status = range ? 206 : 200;
    if (c.req.method === "HEAD") return c.body(null, status, headers);
    const bytes = await roomFiles.read(id, { start, end });
    if (!bytes) throw noFile();
    return c.body(bytes, status, headers);
  });
}

function headersOf({ id, name, type }: FileRecord, isDownload: boolean): Record<string, string> {
  const isAttached = isDownload || !isShown(type);
  return {
    "content-type": type === "text/plain" ? "text/plain; charset=utf-8" : type,
    // RFC 6266: the plain name is for clients that don't know the other form.
    "content-disposition": `${isAttached ? "attachment" : "inline"}; filename="${
      asciiName(name)
    }"; filename*=UTF-8''${encodeRfc5987(name)}`,
    "accept-ranges": "bytes",
    // A file never changes, but the right to read it may.
    "cache-control": "private, no-cache",
    "content-security-policy":
      "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    etag: `"${id}"`,
    vary: "Cookie",
  };
}

function asciiName(name: string): string {
  return name.replace(/[^\x20-\x7e]|["\\%]/g, "_");
}

function encodeRfc5987(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
}

/** The one range that a request asks for (RFC 9110, section 14); `undefined`: all. Several ranges are answered with all. */
function rangeIn(
  range: string | undefined,
  ifRange: string | undefined,
  { id, size }: FileRecord,
): ByteRange | "unsatisfiable" | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(range ?? "") ?? [];
  if (from === undefined || (!from && !to) || (ifRange !== undefined && ifRange !== `"${id}"`)) {
    return undefined;
  }
  const start = from ? Number(from) : Math.max(0, size - Number(to));
  const end = from && to ? Math.min(size, Number(to) + 1) : size;
  return start < end ? { start, end } : "unsatisfiable";
}

function noFile(): HttpError {
  return new HttpError(404, "not_found", "There is no such file");
}
