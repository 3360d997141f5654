/** `/api/documents`: which documents there are, what stands in them, and what stood in them. */
import { type Context, Hono } from "hono";
import * as v from "valibot";
import { type Entry, MAX_TITLE_LENGTH, type Version } from "../rooms/documents/catalog.ts";
import type { Documents } from "../rooms/documents/documents.ts";
import { hasAccount, type User } from "../rooms/user.ts";
import { admitted, type ApiEnv } from "./api_gate.ts";
import { checked, jsonIn } from "./checked.ts";
import { documentIdIn } from "./document_socket.ts";
import { HttpError } from "./errors.ts";

const Title = v.object({
  title: v.pipe(
    v.string('"title" must be text'),
    v.transform((title) => title.toWellFormed().replace(/[\p{Cc}\s]+/gu, " ").trim()),
    v.maxLength(MAX_TITLE_LENGTH, `"title" must have at most ${MAX_TITLE_LENGTH} characters`),
  ),
});

const TYPES: Readonly<Record<string, string>> = {
  txt: "text/plain; charset=utf-8",
  md: "text/markdown; charset=utf-8",
};
const ID_LENGTH = 26;

export function documentsApi({ documents }: { documents: Documents }): Hono<ApiEnv> {
  const { catalog } = documents;
  const app = new Hono<ApiEnv>();

  app.get("/", async (c) => {
    admitted(c.var.caller);
    return c.json({ documents: (await catalog.list()).map(shownEntry) });
  });

  app.post("/", async (c) => {
    const { name } = editorOf(c);
    const { title } = checked(Title, await jsonIn(c.req.raw));
    return c.json(shownEntry(await catalog.create(title, name)), 201);
  });

  app.get("/:id", async (c) => {
    admitted(c.var.caller);
    return c.json(shownEntry(await entryOf(c)));
  });

  app.patch("/:id", async (c) => {
    editorOf(c);
    const { title } = checked(Title, await jsonIn(c.req.raw));
    const entry = await catalog.rename(documentIdIn(c.req.param("id")), title);
    if (!entry) throw noDocument();
    return c.json(shownEntry(entry));
  });

  /** The text itself; with `?as=txt` or `?as=md` as a file to keep. */
  app.get("/:id/text", async (c) => {
    admitted(c.var.caller);
    const { id, title } = await entryOf(c);
    const text = await documents.read(id);
    const as = c.req.query("as");
    if (as === undefined) return c.json({ text });
    if (!Object.hasOwn(TYPES, as)) throw new HttpError(400, "invalid_request", '"as" must be txt or md');
    const body = as === "md" && title ? `# ${title}\n\n${text}` : text;
    const name = encodeURIComponent(`${title.replace(/[\\/:*?"<>|]/g, "_") || id}.${as}`);
    return c.body(body, 200, {
      "content-type": TYPES[as],
      // RFC 6266: the name in full, and one for who doesn't read that.
      "content-disposition": `attachment; filename="document.${as}"; filename*=UTF-8''${name}`,
    });
  });

  app.get("/:id/versions", async (c) => {
    admitted(c.var.caller);
    const { id } = await entryOf(c);
    return c.json({ versions: (await catalog.versions(id)).map(shownVersion) });
  });

  app.get("/:id/versions/:version", async (c) => {
    admitted(c.var.caller);
    const text = await catalog.version((await entryOf(c)).id, versionIdIn(c.req.param("version")));
    if (text === undefined) throw noVersion();
    return c.json({ text });
  });

  app.post("/:id/versions/:version/restore", async (c) => {
    const { name } = editorOf(c);
    const { id } = await entryOf(c);
    if (!await documents.restore(id, versionIdIn(c.req.param("version")), name)) throw noVersion();
    return c.json({ ok: true });
  });

  /** Throws {@link HttpError}. */
  async function entryOf(c: Context<ApiEnv>): Promise<Entry> {
    const entry = await catalog.entry(documentIdIn(c.req.param("id") ?? ""));
    if (!entry) throw noDocument();
    return entry;
  }

  return app;
}

/** Whoever may change documents. Throws {@link HttpError}. */
function editorOf(c: Context<ApiEnv>): User {
  const { user } = admitted(c.var.caller);
  if (hasAccount(user)) return user;
  throw user.isGuest
    ? new HttpError(401, "not_signed_in", "Sign in first")
    : new HttpError(403, "not_allowed", "Documents are for people with an account");
}

function versionIdIn(id: string): string {
  if (id.length !== ID_LENGTH) throw noVersion();
  return id;
}

function noDocument(): HttpError {
  return new HttpError(404, "not_found", "There is no such document");
}

function noVersion(): HttpError {
  return new HttpError(404, "not_found", "The document has no such version");
}

function shownEntry({ id, title, createdAt, createdBy, editedAt }: Entry): Record<string, unknown> {
  return { id, title, created_at: iso(createdAt), created_by: createdBy, edited_at: iso(editedAt) };
}

function shownVersion({ id, at, authors, length }: Version): Record<string, unknown> {
  return { id, timestamp: iso(at), authors, length };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
