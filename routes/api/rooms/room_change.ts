/** What people may change of a room: the body of a PATCH, and the permissions after it. */
import * as v from "valibot";
import { MAX_SLOW_SECONDS } from "../../../rooms/access/moderation/slow_mode.ts";
import {
  MAX_BLOCKED_WORDS,
  MAX_WORD_LENGTH,
  MAX_WORDS_LENGTH,
  wordsIn,
} from "../../../rooms/access/moderation/blocked_words.ts";
import type { RoomPermissions } from "../../../rooms/access/room_permissions.ts";
import { cleanName } from "../../../rooms/user.ts";
import { namesIn } from "../account_names.ts";

const MAX_TITLE_LENGTH = 64;
const MAX_DESCRIPTION = 500;

const flag = (field: string) => v.optional(v.boolean(`"${field}" must be true or false`));

/** A title, cleaned like a name. */
export const title = v.optional(
  v.pipe(
    v.string('"title" must be text'),
    v.transform(cleanName),
    v.string(`"title" must have at most ${MAX_TITLE_LENGTH} characters`),
  ),
);
/** Whether a room is private. */
export const isPrivate = flag("private");

const wordTooLong = `A blocked word has at most ${MAX_WORD_LENGTH} characters`;
const blockedWords = v.pipe(
  v.array(
    v.pipe(v.string('"blocked_words" must be words'), v.maxLength(MAX_WORD_LENGTH, wordTooLong)),
    '"blocked_words" must be a list of words',
  ),
  v.maxLength(MAX_BLOCKED_WORDS, `"blocked_words" must be at most ${MAX_BLOCKED_WORDS} words`),
  v.transform((words) => wordsIn(words)),
  v.check(
    (words) => words.join("").length <= MAX_WORDS_LENGTH,
    `"blocked_words" must have at most ${MAX_WORDS_LENGTH} characters in all`,
  ),
);

/** The body of a PATCH. */
export const RoomChange = v.object({
  title,
  private: isPrivate,
  read_only: flag("read_only"),
  closed: flag("closed"),
  listed: flag("listed"),
  approval: flag("approval"),
  members: v.optional(namesIn("members")),
  hosts: v.optional(namesIn("hosts")),
  description: v.optional(
    v.pipe(
      v.string('"description" must be text'),
      v.transform((text) => text.toWellFormed().trim()),
      v.maxLength(MAX_DESCRIPTION, `"description" must have at most ${MAX_DESCRIPTION} characters`),
    ),
  ),
  slow_mode_seconds: v.optional(
    v.pipe(
      v.number('"slow_mode_seconds" must be a number'),
      v.integer('"slow_mode_seconds" must be a whole number'),
      v.minValue(0, '"slow_mode_seconds" must be at least 0, which turns it off'),
      v.maxValue(MAX_SLOW_SECONDS, `"slow_mode_seconds" must be at most ${MAX_SLOW_SECONDS}`),
    ),
  ),
  blocked_words: v.optional(blockedWords),
});

/** What somebody wants to change. */
export type WantedChange = v.InferOutput<typeof RoomChange>;

/** What hosts may change in a room that isn't theirs. */
const ORDER = ["read_only", "approval", "slow_mode_seconds", "blocked_words"] as const;

/** Whether hosts may make a change. */
export function isAboutOrder(wanted: WantedChange): boolean {
  return Object.entries(wanted).every(([field, value]) =>
    value === undefined || ORDER.some((name) => name === field)
  );
}

/** The part of a change that hosts may make, in a line for the events and the sheet; `""` for none. */
export function orderIn(wanted: WantedChange): string {
  return ORDER.filter((field) => wanted[field] !== undefined)
    .map((field) => `${field}: ${field === "blocked_words" ? wanted[field]?.length : wanted[field]}`)
    .join(", ");
}

/** Permissions after a change; `ids` are those of the accounts that it names. */
export function permissionsAfter(
  before: RoomPermissions,
  wanted: WantedChange,
  ids: { readonly members: readonly string[] | undefined; readonly hosts: readonly string[] | undefined },
): RoomPermissions {
  return {
    ...before,
    title: wanted.title ?? before.title,
    isPrivate: wanted.private ?? before.isPrivate,
    isReadOnly: wanted.read_only ?? before.isReadOnly,
    isClosed: wanted.closed ?? before.isClosed,
    isListed: wanted.listed ?? before.isListed,
    needsApproval: wanted.approval ?? before.needsApproval,
    members: ids.members ?? before.members,
    hosts: ids.hosts ?? before.hosts,
    description: wanted.description ?? before.description,
    slowModeSeconds: wanted.slow_mode_seconds ?? before.slowModeSeconds,
    blockedWords: wanted.blocked_words ?? before.blockedWords,
  };
}
