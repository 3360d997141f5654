/**
 * A channel carries posts between the isolates and machines that serve the same rooms: the port that a
 * `BroadcastChannel`, Redis and KV implement.
 *
 * What must not be lost is in KV; posts only make other isolates read it sooner. So a channel may lose posts, but it never changes their
 * order, and never brings one twice or to its sender.
 */
import * as v from "valibot";

/** A longer post is divided; in characters, roughly. */
export const POST_LENGTH = 10_000;

const ID = v.string();
const USER = v.object({
  id: v.string(),
  name: v.string(),
  isGuest: v.boolean(),
  /** When they came to the room, in milliseconds since the epoch. */
  since: v.optional(v.number()),
  /** When they got their name, in milliseconds since the epoch. */
  namedAt: v.optional(v.number()),
});
const MARK = v.object({ userId: v.string(), clientId: v.string(), message: v.string() });
const DRAFT = v.object({ id: v.string(), room: v.string(), timestamp: v.string(), body: v.string() });
const MESSAGE = v.object({ room: v.string(), body: v.string() });

const COUNT = v.number();
const FIGURES = v.object({
  /** The process that the isolate belongs to, and its number there. */
  instance: v.string(),
  isolate: COUNT,
  startedAt: COUNT,
  connections: COUNT,
  rooms: COUNT,
  people: COUNT,
  messagesPerSecond: COUNT,
  messages: COUNT,
  deliveries: COUNT,
  commits: COUNT,
  commitMs: COUNT,
  rows: COUNT,
  errors: COUNT,
  refused: v.record(v.string(), COUNT),
  heapBytes: COUNT,
  /** Of the whole process. */
  rssBytes: COUNT,
});

const PEOPLE_CHANGE = v.variant("kind", [
  /** A person who came to a room, or left it. */
  v.object({ kind: v.picklist(["came", "went"]), room: v.string(), user: USER }),
  /** All who are at the sender, in parts: the first one begins a snapshot, the last one ends it. */
  v.object({
    kind: v.literal("here"),
    room: v.string(),
    users: v.array(USER),
    isFirst: v.boolean(),
    isLast: v.boolean(),
  }),
]);

const POST = v.variant("type", [
  /** Something was committed, here or elsewhere; it has to be read from the database. */
  v.object({ type: v.literal("committed") }),
  /** What the leader has committed, and after what. */
  v.object({
    type: v.literal("commit"),
    previous: v.string(),
    versionstamp: v.string(),
    messages: v.array(MESSAGE),
  }),
  /** The leader lives, and has committed up to here. */
  v.object({ type: v.literal("beat"), from: ID, cursor: v.string() }),
  /** Messages for the leader to commit, numbered on from `first`; those below `oldest` need no answer any more. */
  v.object({
    type: v.literal("hand"),
    from: ID,
    first: v.number(),
    oldest: v.number(),
    entries: v.array(v.object({ draft: DRAFT, mark: v.optional(MARK) })),
  }),
  /** The outcome of a forwarded message that no commit shows; without `accepted` it failed. */
  v.object({
    type: v.literal("answer"),
    to: ID,
    number: v.number(),
    accepted: v.optional(v.object({ id: v.string(), timestamp: v.string(), seq: v.optional(v.string()) })),
  }),
  /** Messages stand in the sheet, or were refused by it. */
  v.object({
    type: v.literal("settled"),
    upTo: v.string(),
    recorded: v.array(v.object({ room: v.string(), id: v.string() })),
    refused: v.array(v.object({ room: v.string(), id: v.string() })),
  }),
  /** Rows can't be written at present; from the isolate that delivers them. */
  v.object({
    type: v.literal("log"),
    state: v.picklist(["retrying", "paused"]),
    reason: v.string(),
    since: v.string(),
    /** The key of the sentence and the values in it; missing from earlier versions. */
    code: v.optional(v.string()),
    values: v.optional(v.record(v.string(), v.string())),
  }),
  /** A fault of the sheet that doesn't stop delivery, for the operator; from the isolate that noticed it. */
  v.object({ type: v.literal("log_notice"), code: v.string(), message: v.string(), since: v.string() }),
  /** Asks the isolate that delivers rows to try again now. */
  v.object({ type: v.literal("probe") }),
  /** The sender lives; with its figures, and the number of changes of people that it has posted. */
  v.object({ type: v.literal("peer"), from: ID, changes: v.number(), figures: v.optional(FIGURES) }),
  /** Who came and went at the sender, in order. */
  v.object({ type: v.literal("people"), from: ID, changes: v.array(PEOPLE_CHANGE) }),
  /** Asks all, or one, for a snapshot of the people there. */
  v.object({ type: v.literal("who"), from: ID, to: v.optional(ID) }),
  v.object({ type: v.literal("typing"), room: v.string(), user: USER }),
  /** The inbox of an account has changed, or what it watches. */
  v.object({ type: v.literal("inbox"), account: ID }),
  /** An account has read a room up to a message, or has entered it. */
  v.object({ type: v.literal("room_read"), account: ID, room: v.string(), seq: v.string(), id: ID }),
  /** The sender stops. */
  v.object({ type: v.literal("gone"), from: ID }),
  /** Something was posted for the dashboards. */
  v.object({ type: v.literal("feed") }),
  /** A report of this account has changed. */
  v.object({ type: v.literal("report"), owner: ID }),
  /** An edit of a document, in base64, that the sender will save; `number` counts those of one sender and document. */
  v.object({
    type: v.literal("document_edit"),
    id: v.string(),
    from: ID,
    number: v.number(),
    update: v.string(),
  }),
  /** The sender's edits of a document stand in KV, up to this one. */
  v.object({ type: v.literal("document_saved"), id: v.string(), from: ID, number: v.number() }),
  /** Who is at a document, and where: an awareness update in base64, and the users' ids by their clients'. */
  v.object({
    type: v.literal("document_people"),
    id: v.string(),
    update: v.string(),
    users: v.optional(v.record(v.string(), v.string())),
  }),
  /** Who is at this document elsewhere? */
  v.object({ type: v.literal("document_who"), id: v.string() }),
]);

/** What one isolate sends the others. */
export type Post = v.InferOutput<typeof POST>;

/** The figures of an isolate. */
export type Figures = v.InferOutput<typeof FIGURES>;

/** A user in posts. */
export type RemoteUser = v.InferOutput<typeof USER>;

/** A change of who is in which room at an isolate, or a part of all who are there. */
export type PeopleChange = v.InferOutput<typeof PEOPLE_CHANGE>;

/** Carries posts between the isolates and machines that serve the same rooms. */
export interface Channel {
  /** Whether posts go through the database: then each isolate commits for itself, and {@link announce}s it. */
  readonly isDatabase?: boolean;
  /** Adds to a commit what makes the others read it. */
  announce?(commit: Deno.AtomicOperation): void;
  /** Brings a post to all others. Never throws: what can't be sent is lost. */
  post(post: Post): void;
  /** Resolves when posts can come. */
  listen(listener: ChannelListener): Promise<void>;
  close(): Promise<void>;
}

/** Receives what comes through a {@link Channel}. */
export interface ChannelListener {
  /** A post of another isolate, or `committed` of a channel that is the database. */
  receive(post: Post): void;
  /** Posts may have been lost. */
  resync?(): void;
}

/** A post from its JSON; `undefined` for what isn't one: a later version may post what this one doesn't know. */
export function decodePost(text: string): Post | undefined {
  try {
    const result = v.safeParse(POST, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
