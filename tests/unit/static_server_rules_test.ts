/** Promises that pages apply the server's rules where they repeat them: modules that are served as they are import none. */
import { assert, assertEquals } from "@std/assert";
import { EditorState } from "@codemirror/state";
import { ulid } from "ulid";
import {
  INVITATION_ENDED,
  NAME_TAKEN as NAME_LOST,
  REMOVED,
  RESTARTING,
} from "../../rooms/access/live_connections.ts";
import { BANNED, whyNot } from "../../rooms/access/room_permissions.ts";
import { MAX_FRAME_BYTES } from "../../rooms/documents/plain_frames.ts";
import { MAX_DOCUMENT_BYTES } from "../../rooms/documents/yjs/size_limit.ts";
import { CLOSE as DOCUMENT_CLOSE } from "../../rooms/documents/sync_participant.ts";
import { CLOCKS_DIFFER_MS as SERVERS_CLOCKS_DIFFER_MS } from "../../rooms/messages/archive_pages.ts";

import { CLOSE as SERVERS_CLOSE, DEFAULT_PAGE, MAX_PAGE } from "../../rooms/protocol.ts";
import { MAX_LIMIT } from "../../routes/api/documents.ts";
import { MAX_PAGE as MAX_NOTIFICATIONS } from "../../routes/api/notifications.ts";
import { MAX_ASKED } from "../../routes/api/rooms/rooms.ts";
import {
  NAME_HELD,
  NAME_REFUSED,
  NAME_TAKEN,
  TOO_MANY_HERE,
  TOO_MANY_NEW,
  TOO_MANY_OF_USER,
} from "../../routes/sockets/upgrade.ts";
import { fits, MAX_INSERTED_LENGTH, MAX_TEXT_BYTES } from "../../static/documents/document_size.js";
import { MAX_VISITS } from "../../static/lobby/visits.js";
import { MAX_LISTED } from "../../static/notifications/bell_panel.js";
import { isShut, limitSentence, nameSentence, refusalOf } from "../../static/room/connection/refusal.js";
import { HISTORY_PAGE, MAX_HISTORY_PAGE } from "../../static/room/connection/room_socket.js";
import { CLOCKS_DIFFER_MS, mayBeOlder } from "../../static/room/history/history_loader.js";
import { askedWaitMs, CLOSE, mayBeLifted } from "../../static/shared/connection/closing.js";
import { timeOfId } from "../../static/shared/dates.js";
import { SENTENCES } from "../../static/shared/refusal.js";
import { FAILURES } from "../../static/room/messages/message_row.js";
import { MAX_ROOMS_ASKED } from "../../static/shared/room_summaries.js";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string): string => Deno.readTextFileSync(new URL(path, ROOT));
const OPEN_ROOM = { title: "", isPrivate: false, isReadOnly: false, creator: undefined, members: [] };
const refused = (reason: string, code: number = SERVERS_CLOSE.notAllowed) => ({
  state: "refused" as const,
  code,
  reason,
});

Deno.test("Pages know the server's close codes", () => {
  const codes: Record<string, number> = { ...SERVERS_CLOSE, ...DOCUMENT_CLOSE };
  assertEquals(Object.entries(CLOSE).filter(([name, code]) => codes[name] !== code), []);
  assertEquals(DOCUMENT_CLOSE.full, CLOSE.frameTooLarge);
});

Deno.test("The room's page knows every reason of the server to refuse a person or a name", () => {
  const closed = whyNot({ ...OPEN_ROOM, isClosed: true });
  const own = whyNot({ ...OPEN_ROOM, isPrivate: true });
  assertEquals([closed, own, REMOVED, BANNED, INVITATION_ENDED].map((reason) => refusalOf(refused(reason))), [
    "closed",
    "private",
    "removed",
    "banned",
    "invitation",
  ]);
  assertEquals([closed, own, REMOVED, NAME_TAKEN].map(mayBeLifted), [true, true, false, false]);
  assertEquals(refusalOf(refused("Sign in first", SERVERS_CLOSE.notSignedIn)), "signed_out");
  const names = [NAME_TAKEN, NAME_LOST, NAME_HELD, NAME_REFUSED];
  assertEquals(names.map((reason) => refusalOf(refused(reason))), ["name", "name", "name", "name"]);
  assertEquals(names.map(nameSentence), ["not_allowed", "not_allowed", "name_held", "name_refused"]);
  assertEquals([REMOVED, NAME_HELD].map((reason) => isShut(refused(reason))), [true, false]);
});

Deno.test("The room's page knows which limit the server means", () => {
  assertEquals([TOO_MANY_HERE, TOO_MANY_NEW, TOO_MANY_OF_USER, "Too many messages"].map(limitSentence), [
    "crowded_address",
    "crowded_address",
    "crowded_person",
    "too_fast",
  ]);
});

Deno.test("Pages wait as long as a service asks that restarts", () => {
  assertEquals([RESTARTING, "Too many messages"].map(askedWaitMs), [1_000, 0]);
});

Deno.test("Pages ask for no more at once than the server sends", () => {
  assertEquals([HISTORY_PAGE, MAX_HISTORY_PAGE], [DEFAULT_PAGE, MAX_PAGE]);
  assertEquals([MAX_LISTED, MAX_ROOMS_ASKED], [MAX_NOTIFICATIONS, MAX_ASKED]);
  assert(MAX_VISITS <= MAX_ASKED);
  const [, limit] = /deleted=1&limit=(\d+)/.exec(read("static/documents/documents.js")) ?? [];
  assertEquals(Number(limit), MAX_LIMIT);
});

Deno.test("The editor refuses what the server would refuse for good, before it is typed", () => {
  assert(MAX_TEXT_BYTES < MAX_DOCUMENT_BYTES && 3 * MAX_INSERTED_LENGTH < MAX_FRAME_BYTES);
  const state = EditorState.create({ doc: "字".repeat(MAX_TEXT_BYTES / 3 - 1) });
  const insert = (text: string) => state.update({ changes: { from: 0, insert: text } });
  assert(fits(insert("好")));
  assert(!fits(insert("好好")));
  assert(!fits(insert("a".repeat(MAX_INSERTED_LENGTH + 1))));
  assert(fits(state.update({ changes: { from: 0, to: 1 } })));
});

Deno.test("Pages read the time of the server's ids, and give up on a message where no older one can be it", () => {
  assertEquals(timeOfId(ulid(1_700_000_000_123)), 1_700_000_000_123);
  assertEquals(CLOCKS_DIFFER_MS, SERVERS_CLOCKS_DIFFER_MS);
  const at = (ms: number) => ulid(1_700_000_000_000 + ms);
  assert(mayBeOlder(at(0), at(1)));
  assert(mayBeOlder(at(CLOCKS_DIFFER_MS), at(0)));
  assert(!mayBeOlder(at(CLOCKS_DIFFER_MS + 1), at(0)));
  assert(!mayBeOlder(at(0), undefined));
});

Deno.test("Pages have a sentence in both languages for each code that the server sends, and for no others", () => {
  const sources = [...sourcesIn("rooms/"), ...sourcesIn("routes/")].map(read).join("\n");
  const sent = new Set(
    [
      /\bHttpError\(\s*\d+,\s*"(\w+)"/g,
      /\berror: [^{}]*?\bcode: "(\w+)"/g,
      /\breturn answer\(c, \d+, "(\w+)"/g,
    ].flatMap((pattern) => Array.from(sources.matchAll(pattern), ([, code]) => code)),
  );
  const frames = codesOf(sources, /export type ErrorCode =([^;]*);/);
  const others = [
    /class AccountError[^{]*\{[^}]*?code:([^;]*);/,
    /class DocumentRefusal[^{]*\{[^}]*?code:([^;]*);/,
    /export type FileRefusalCode =([^;]*);/,
  ];
  const codes = sent.union(frames).union(new Set(others.flatMap((union) => [...codesOf(sources, union)])));
  assert(codes.size > 40, `${codes.size} codes were found`);
  assertEquals([...codes.difference(SENTENCES)], []);
  assertEquals([...frames.difference(FAILURES)], []);
  // The page itself notes that it is offline.
  const unsent = [...SENTENCES.keys()].filter((code) => !sources.includes(`"${code}"`));
  assertEquals(unsent, ["offline"]);
  for (const language of ["en", "zh-Hant"]) {
    const words = JSON.parse(read(`static/languages/${language}.json`));
    const keys = [...SENTENCES.values()].map((key) => `form.${key}`).concat(
      [...FAILURES.values()].map((key) => `live.${key}`),
    );
    assertEquals(keys.filter((key) => !words[key]), []);
  }
});

Deno.test("Pages have a sentence in both languages for each reason why rows aren't written", () => {
  const sources = ["google/google_errors", "file_errors", "shared_file", "csv_file", "column_layout"]
    .map((name) => read(`sheets/${name}.ts`)).join("\n");
  const found = Array.from(
    sources.matchAll(/\bcode: "([a-z_0-9]+)"|\[\s*"([a-z_0-9]+)",/g),
    ([, one, other]) => {
      return one ?? other;
    },
  );
  // What the operator should know though rows are written; and an answer of Google's that nobody has seen yet.
  const others = ["rows_missing", "rows_far_below", "other"];
  const codes = new Set(found).difference(new Set(others));
  assert(codes.size > 25, `${codes.size} codes were found`);
  for (const language of ["en", "zh-Hant"]) {
    const words = JSON.parse(read(`static/languages/${language}.json`));
    assertEquals([...codes].filter((code) => !words[`sheet.check_${code}`]), []);
  }
});

/** The texts in a union of types. */
function codesOf(sources: string, union: RegExp): Set<string> {
  const [, members] = union.exec(sources) ?? [];
  assert(members, `${union} is found`);
  return new Set(Array.from(members.matchAll(/"(\w+)"/g), ([, code]) => code));
}

function sourcesIn(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return sourcesIn(`${folder}${name}/`);
    return name.endsWith(".ts") ? [folder + name] : [];
  });
}
