/** `/api/rooms/:room/search`: messages of a room by words, author and day. */
import { Hono } from "hono";
import * as v from "valibot";
import type { Archive } from "../../../rooms/messages/archive.ts";
import type { History } from "../../../rooms/messages/history.ts";
import { DEFAULT_PAGE, MAX_PAGE } from "../../../rooms/protocol.ts";
import type { PersonIds } from "../../../rooms/access/person_ids.ts";
import type { RoomNames } from "../../../rooms/access/room_names.ts";
import type { PermissionStore } from "../../../rooms/access/room_permissions.ts";
import { Search } from "../../../rooms/search.ts";
import { personOf } from "../../../rooms/user.ts";
import { HttpError } from "../../errors.ts";
import type { ApiEnv } from "../gate.ts";
import { pageQuery, requestBody } from "../request_body.ts";
import { answerWith, readableRoom, readerOf } from "./room_reader.ts";

/** In UTF-16 code units. */
const MAX_LENGTH = 200;
/** The most searches of one person at once: while somebody types, a page begins a new search before the last has ended. */
const MAX_AT_ONCE = 3;

const text = (field: string) =>
  v.pipe(v.string(), v.maxLength(MAX_LENGTH, `"${field}" must have at most ${MAX_LENGTH} characters`));
const day = (field: string) =>
  v.optional(v.pipe(v.string(), v.isoDate(`"${field}" must be a day, such as 2026-07-25`)));

const Query = v.object({
  ...pageQuery("a message", { max: MAX_PAGE, byDefault: DEFAULT_PAGE }),
  q: v.optional(text("q"), ""),
  by: v.optional(text("by")),
  from: day("from"),
  to: day("to"),
});

/** The API of searches. */
export function searchApi(options: {
  archive: Archive;
  history: History;
  roomPermissions: PermissionStore;
  roomNames: RoomNames;
  personIds: PersonIds;
}): Hono<ApiEnv> {
  const { archive, history, personIds } = options;
  const search = new Search(archive, history);
  /** The number of searches under way of each person. */
  const running = new Map<string, number>();

  const ended = (person: string): void => {
    const left = (running.get(person) ?? 1) - 1;
    if (left) running.set(person, left);
    else running.delete(person);
  };

  return new Hono<ApiEnv>().get("/:room/search", async (c) => {
    const { room, user } = await readableRoom(c, options);
    const { q, ...query } = requestBody(Query, c.req.query());
    const words = q.split(/\s+/u).filter(Boolean);
    if (!words.length && query.by === undefined && query.from === undefined && query.to === undefined) {
      throw new HttpError(400, "empty", 'Say what to search for: "q", "by", "from" or "to"');
    }
    const { signal } = c.req.raw;
    const person = personOf(user);
    const count = person === undefined ? 0 : running.get(person) ?? 0;
    if (count >= MAX_AT_ONCE) {
      throw new HttpError(429, "rate_limited", "Your last searches aren't done yet", 1_000);
    }
    if (person !== undefined) running.set(person, count + 1);
    try {
      const page = await search.find(room, { ...query, words }, signal);
      // Newest first, as a list of results is read.
      const newestFirst = { ...page, lines: page.lines.toReversed() };
      return answerWith(c, history.json(newestFirst, readerOf(personIds, room, user)));
    } catch (error) {
      // A page gives up a search when its visitor types on.
      if (signal.aborted) throw new HttpError(400, "gone", "Nobody waits for this answer any more");
      throw error;
    } finally {
      if (person !== undefined) ended(person);
    }
  });
}
