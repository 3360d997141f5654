/** `/api/documents`: the list of documents, their texts, and earlier versions. */
import { type Context, Hono } from "hono";
import * as v from "valibot";
import { type ListedDocument, MAX_TITLE_LENGTH } from "../../rooms/documents/document_list.ts";
import type { Version } from "../../rooms/documents/version_store.ts";
import { mayManage, mayRead, UNDO_MS } from "../../rooms/documents/document_access.ts";
import type { Documents } from "../../rooms/documents/documents.ts";
import type { Accounts } from "../../rooms/access/accounts.ts";
import type { User } from "../../rooms/user.ts";
import { accountIdsOf, namesIn, usernamesOf } from "./account_names.ts";
import { accountOf, admitted, type ApiEnv } from "./gate.ts";
import { jsonIn, requestBody } from "./request_body.ts";
import { documentIdIn } from "../sockets/document.ts";
import { HttpError } from "../errors.ts";
import { refusal } from "./require_admin.ts";

const TITLE = v.pipe(
  v.string('"title" must be text'),
  v.transform((title) => title.toWellFormed().replace(/[\p{Cc}\s]+/gu, " ").trim()),
  v.maxLength(MAX_TITLE_LENGTH, `"title" must have at most ${MAX_TITLE_LENGTH} characters`),
);
const PRIVATE = v.optional(v.boolean('"private" must be true or false'));
const NewDocument = v.object({ title: TITLE, private: PRIVATE });
const Change = v.object({
  title: v.optional(TITLE),
  private: PRIVATE,
  members: v.optional(namesIn("members")),
});

const DEFAULT_LIMIT = 50;
/** The most documents in one answer. */
export const MAX_LIMIT = 200;
const CURSOR = /^(\d{1,15})_([\p{L}\p{N}\p{M}_-]{1,64})$/u;
const Query = v.object({
  q: v.optional(v.pipe(v.string(), v.maxLength(MAX_TITLE_LENGTH, '"q" is too long')), ""),
  before: v.optional(v.pipe(v.string(), v.regex(CURSOR, '"before" must be a "next" of an earlier answer'))),
  limit: v.optional(
    v.pipe(
      v.string(),
      v.transform(Number),
      v.integer('"limit" must be a whole number'),
      v.minValue(1, '"limit" must be 1 or more'),
      v.maxValue(MAX_LIMIT, `"limit" must be at most ${MAX_LIMIT}`),
    ),
    String(DEFAULT_LIMIT),
  ),
  deleted: v.optional(v.picklist(["0", "1"], '"deleted" must be 1, or left out')),
});

const TYPES: Readonly<Record<string, string>> = {
  txt: "text/plain; charset=utf-8",
  md: "text/markdown; charset=utf-8",
};
const ID_LENGTH = 26;

/** The API of documents. To people who may not read it, a private or deleted document is answered as if it didn't exist. */
export function documentsApi({ documents, accounts }: {
  documents: Documents;
  accounts: Accounts;
}): Hono<ApiEnv> {
  const { documentList } = documents;
  const app = new Hono<ApiEnv>();

  /** A page of documents, latest edits first; `next` is the `before` of the following page. */
  app.get("/", async (c) => {
    const { user } = admitted(c.var.caller);
    const { q, before, limit, deleted } = requestBody(Query, c.req.query());
    const [, time, id] = CURSOR.exec(before ?? "") ?? [];
    const words = folded(q).split(" ").filter(Boolean);
    const isFound = ({ title }: ListedDocument) => words.every((word) => folded(title).includes(word));
    const isShown = deleted === "1" ? mayManage : mayRead;
    const { entries, next } = await documentList.index.page({
      of: deleted === "1" ? "document_deleted" : "document_edited",
      before: id === undefined ? undefined : [Number(time), id],
      limit,
      matches: (entry) => isShown(entry, user) && isFound(entry),
    });
    const shown = entries.map((entry) => shownEntry(entry, user));
    return c.json({ documents: shown, next: next && next.join("_") });
  });

  app.post("/", async (c) => {
    const user = accountOf(c.var.caller, "Documents are for people with an account");
    const { title, private: isPrivate = false } = requestBody(NewDocument, await jsonIn(c.req.raw));
    return c.json(shownEntry(await documentList.create(title, user, { isPrivate }), user), 201);
  });

  app.get("/:id", async (c) => {
    const { user } = admitted(c.var.caller);
    const entry = await entryOf(c);
    const shown = shownEntry(entry, user);
    if (!mayManage(entry, user)) return c.json(shown);
    return c.json({ ...shown, members: await usernamesOf(accounts, entry.members ?? []) });
  });

  app.patch("/:id", async (c) => {
    const user = accountOf(c.var.caller, "Documents are for people with an account");
    const { title, private: isPrivate, members } = requestBody(Change, await jsonIn(c.req.raw));
    let entry: ListedDocument | undefined = await entryOf(c);
    const { id } = entry;
    if (isPrivate !== undefined || members) {
      managerOf(c, entry);
      const ids = members && await accountIdsOf(accounts, members);
      entry = await documentList.share(id, { isPrivate, members: ids });
    }
    if (entry && title !== undefined) entry = await documentList.rename(id, title);
    if (!entry) throw noDocument();
    const shown = shownEntry(entry, user);
    return c.json(members ? { ...shown, members: await usernamesOf(accounts, entry.members ?? []) } : shown);
  });

  /** Closes all its connections; it can be restored for a day. */
  app.delete("/:id", async (c) => {
    const entry = await entryOf(c);
    managerOf(c, entry);
    const deleted = await documentList.remove(entry.id);
    if (deleted?.deletedAt === undefined) throw noDocument();
    return c.json({ ok: true, restore_until: iso(deleted.deletedAt + UNDO_MS) });
  });

  app.post("/:id/restore", async (c) => {
    const { user } = admitted(c.var.caller);
    const entry = await documentList.stored(documentIdIn(c.req.param("id")));
    // Others must not learn that it existed.
    if (!entry || entry.deletedAt === undefined || !mayManage(entry, user)) throw noDocument();
    const recovered = await documentList.recover(entry.id);
    if (!recovered) throw noDocument();
    return c.json(shownEntry(recovered, user));
  });

  /** The text; with `?as=txt` or `?as=md` as a file to download. */
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
      // RFC 6266: the plain name is for clients that don't know the other form.
      "content-disposition": `attachment; filename="document.${as}"; filename*=UTF-8''${name}`,
    });
  });

  app.get("/:id/versions", async (c) => {
    admitted(c.var.caller);
    const { id } = await entryOf(c);
    return c.json({ versions: (await documentList.versions.list(id)).map(shownVersion) });
  });

  app.get("/:id/versions/:version", async (c) => {
    admitted(c.var.caller);
    const text = await documentList.versions.text((await entryOf(c)).id, versionIdIn(c.req.param("version")));
    if (text === undefined) throw noVersion();
    return c.json({ text });
  });

  app.post("/:id/versions/:version/restore", async (c) => {
    const user = accountOf(c.var.caller, "Documents are for people with an account");
    const { id } = await entryOf(c);
    if (!await documents.restore(id, versionIdIn(c.req.param("version")), user)) throw noVersion();
    return c.json({ ok: true });
  });

  /** A document that the caller may read. Throws {@link HttpError}. */
  async function entryOf(c: Context<ApiEnv>): Promise<ListedDocument> {
    const { user } = admitted(c.var.caller);
    const entry = await documentList.entry(documentIdIn(c.req.param("id") ?? ""));
    if (!entry || !mayRead(entry, user)) throw noDocument();
    return entry;
  }

  return app;
}

/** @throws {HttpError} unless the caller may delete and share the document. */
function managerOf(c: Context<ApiEnv>, entry: ListedDocument): void {
  if (mayManage(entry, admitted(c.var.caller).user)) return;
  throw refusal(c.var.caller, "Only whoever made the document and admins may do this");
}

function folded(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/gu, " ").trim();
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

function shownEntry(entry: ListedDocument, user: User): Record<string, unknown> {
  const { id, title, createdAt, createdBy, editedAt, isPrivate = false, deletedAt } = entry;
  return {
    id,
    title,
    created_at: iso(createdAt),
    created_by: createdBy,
    edited_at: iso(editedAt),
    private: isPrivate,
    may_manage: mayManage(entry, user),
    restore_until: deletedAt === undefined ? undefined : iso(deletedAt + UNDO_MS),
  };
}

/** Older versions were stored without the time of their last edit; they show when they were stored. */
function shownVersion({ id, at, editedAt, authors, length }: Version): Record<string, unknown> {
  return { id, timestamp: iso(editedAt ?? at), authors, length };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
