/** Makes the parts of access: accounts, credentials, permissions of rooms, deletion. */
import { AccountError, Accounts } from "./accounts.ts";
import { SignInThrottle } from "./sign_in_throttle.ts";
import { GuestIds } from "./guest_id.ts";
import { Credentials, SESSIONS, TOKENS } from "./credentials.ts";
import { Passwords } from "./passwords.ts";
import type { ChangeFeed } from "../kv/change_feed.ts";
import type { Clock } from "../clock.ts";
import { LiveConnections } from "./live_connections.ts";
import { Deletion, type DeletionParts } from "../messages/deletion.ts";
import type { Part } from "../lifecycle.ts";
import { roomInBody } from "../messages/message.ts";
import type { MessageLog } from "../messages/message_log.ts";
import { PersonIds } from "./person_ids.ts";
import { RoomNames } from "./room_names.ts";
import { Bans } from "./moderation/bans.ts";
import { ModerationEvents } from "./moderation/moderation_events.ts";
import { PendingMessages } from "./moderation/pending_messages.ts";
import { SlowMode } from "./moderation/slow_mode.ts";
import { SignInLinks } from "./invitations/sign_in_links.ts";
import { Invitations } from "./invitations/invitations.ts";
import { PermissionStore, sendPermissions } from "./room_permissions.ts";

export { actRows } from "./moderation/moderation_events.ts";

/** Who may do what: accounts, credentials, permissions of rooms, and the connections that depend on them. */
export interface Access {
  readonly changes: ChangeFeed;
  readonly accounts: Accounts;
  readonly sessions: Credentials;
  readonly tokens: Credentials;
  readonly guestIds: GuestIds;
  readonly signInThrottle: SignInThrottle;
  readonly roomPermissions: PermissionStore;
  readonly invitations: Invitations;
  readonly signInLinks: SignInLinks;
  readonly bans: Bans;
  readonly slowMode: SlowMode;
  readonly pendingMessages: PendingMessages;
  readonly moderationEvents: ModerationEvents;
  readonly roomNames: RoomNames;
  readonly liveConnections: LiveConnections;
  readonly deletion: Deletion;
  readonly personIds: PersonIds;
  /** Sets how frames reach the members of a room; to be called before anybody is in one. */
  sendBy(send: DeletionParts["send"]): void;
}

interface AccessParts {
  readonly kv: Deno.Kv;
  readonly clock: Clock;
  readonly changes: ChangeFeed;
  readonly messageLog: MessageLog;
  /** Takes back the notifications of messages that are deleted. */
  readonly mentions: Pick<DeletionParts, "withdraw">;
  /** Removes the files of messages that are deleted. */
  readonly fileLinks: { drop: DeletionParts["dropFiles"] };
  /** The first admin, who is created unless an account has that name; both or neither. */
  readonly adminUsername: string | undefined;
  readonly adminPassword: string | undefined;
  /** log2 N of scrypt. */
  readonly passwordCost: number;
  /** Days; 0 = for good. */
  readonly retentionDays: number;
  /** Reports what goes wrong, under a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
  /** Writes a line for operators. */
  readonly note: (level: "info", event: string, fields: { readonly messages: number }) => void;
}

/** Opens them on one database, and creates the first admin; polls for changes until `quiesce()`. */
export async function openAccess(parts: AccessParts): Promise<Access & Part<unknown>> {
  const { kv, clock: { now }, changes, messageLog, mentions, failed } = parts;
  const accounts = new Accounts({ kv, changes, now, passwords: new Passwords(parts.passwordCost) });
  await accounts.open();
  await makeAdmin(accounts, parts);
  // It listens for changes before the connections that depend on it are checked; members are notified last.
  const roomPermissions = new PermissionStore(kv, changes);
  const roomNames = new RoomNames(kv);
  await roomNames.open(() => storedRooms(roomPermissions, messageLog));
  const personIds = await PersonIds.open(kv);
  // Bans first: the connections that they end are checked against them.
  const bans: Bans = new Bans({
    ...{ kv, changes, personIds },
    liveConnections: { idsWith: (room, id) => liveConnections.idsWith(room, id) },
  });
  const liveConnections = new LiveConnections(
    changes,
    now,
    (error) => failed("connection_check_failed", error),
  );
  const slowMode = new SlowMode(roomPermissions);
  messageLog.subscribe((messages) => slowMode.committed(messages));
  let target: DeletionParts["send"] = () => {};
  const send: DeletionParts["send"] = (room, frame) => target(room, frame);
  sendPermissions({ changes, roomPermissions, send });
  const { archive, history } = messageLog;
  const deletion = new Deletion({
    ...parts,
    archive,
    history,
    send,
    caughtUp: () => messageLog.caughtUp(),
    dropFiles: (commit, ids) => parts.fileLinks.drop(commit, ids),
    withdraw: (commit, what) => mentions.withdraw(commit, what),
  });
  const closing = new AbortController();
  const { signal } = closing;
  const running = Promise.all([
    changes.run(signal, (error) => failed("poll_failed", error)),
    deletion.run({
      ...parts,
      now,
      signal,
      forgotten: (messages) => parts.note("info", "history_forgotten", { messages }),
      failed: (error) => failed("forgetting_failed", error),
    }),
  ]);
  return {
    changes,
    accounts,
    sessions: new Credentials(SESSIONS, { kv, changes, now }),
    tokens: new Credentials(TOKENS, { kv, changes, now }),
    guestIds: await GuestIds.open(kv),
    signInThrottle: new SignInThrottle(now),
    roomPermissions,
    bans,
    slowMode,
    pendingMessages: new PendingMessages({ kv, changes, now }),
    moderationEvents: new ModerationEvents({ kv, now }),
    signInLinks: new SignInLinks(kv),
    invitations: new Invitations({ kv, roomPermissions, now }),
    roomNames,
    liveConnections,
    deletion,
    personIds,
    sendBy: (given) => target = given,
    name: "access",
    quiesce: () => closing.abort(),
    async drain() {
      await running;
    },
    close: () => liveConnections.close(),
  };
}

/** Every room of which something is stored, some more than once. */
async function* storedRooms(
  permissions: PermissionStore,
  { archive, outbox }: MessageLog,
): AsyncGenerator<string> {
  yield* archive.rooms();
  for await (const { bodies } of outbox.after(archive.position)) yield* new Set(bodies.map(roomInBody));
  yield* permissions.names();
}

async function makeAdmin(
  accounts: Accounts,
  { adminUsername: username, adminPassword: password }: AccessParts,
): Promise<void> {
  if (username === undefined || password === undefined || await accounts.owns(username)) return;
  try {
    await accounts.create({ username, password, role: "admin" });
  } catch (error) {
    // Another process that started at the same time was faster.
    if (!(error instanceof AccountError) || error.code !== "username_taken") throw error;
  }
}
