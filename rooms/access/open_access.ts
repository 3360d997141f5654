/** Who may be where, and what of the past stays: accounts, what they prove themselves by, rules of rooms, erasure. */
import { AccountError, Accounts } from "./accounts.ts";
import { SignInThrottle } from "./sign_in_throttle.ts";
import { GuestIds } from "./guest_id.ts";
import { Credentials, SESSIONS, TOKENS } from "./credentials.ts";
import { Passwords } from "./passwords.ts";
import type { ChangeFeed } from "../kv/change_feed.ts";
import type { Clock } from "../clock.ts";
import { LiveConnections } from "./live_connections.ts";
import { Deletion } from "../messages/deletion.ts";
import type { MentionOutbox } from "../notifications/mention_outbox.ts";
import { roomInBody } from "../messages/message.ts";
import type { MessageLog } from "../messages/message_log.ts";
import type { ServerFrame } from "../protocol.ts";
import { RoomNames } from "./room_names.ts";
import { PermissionStore, sendPermissions } from "./room_permissions.ts";

export interface Access {
  readonly changes: ChangeFeed;
  readonly accounts: Accounts;
  readonly sessions: Credentials;
  readonly tokens: Credentials;
  readonly guestIds: GuestIds;
  readonly attempts: SignInThrottle;
  readonly rules: PermissionStore;
  readonly roomNames: RoomNames;
  readonly liveConnections: LiveConnections;
  readonly deletion: Deletion;
}

export interface AccessParts {
  readonly kv: Deno.Kv;
  readonly clock: Clock;
  readonly rooms: MessageLog;
  /** Made when there is no account of that name; both or neither. */
  readonly adminUsername: string | undefined;
  readonly adminPassword: string | undefined;
  /** Days; 0 = for good. */
  readonly retentionDays: number;
  /** Told of what goes wrong, by a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
  /** Told when so many old messages were taken out. */
  readonly forgotten: (messages: number) => void;
}

/** Opens all of it on one database, makes the first admin where one is named, and looks for changes until closed. */
export async function openAccess(parts: AccessParts): Promise<Access & { close(): Promise<void> }> {
  const { kv, clock: { now }, rooms, failed } = parts;
  const { changes } = rooms;
  const accounts = new Accounts({ kv, changes, now, passwords: new Passwords() });
  await accounts.open();
  await makeAdmin(accounts, parts);
  const roomNames = new RoomNames(kv);
  await roomNames.open(() => storedRooms(kv, rooms));
  // Rules are read anew before the doors look at who may stay under them, and members are told last.
  const rules = new PermissionStore(kv, changes);
  const liveConnections = new LiveConnections(
    changes,
    now,
    (error) => failed("connection_check_failed", error),
  );
  const tell = (room: string, frame: ServerFrame): void => rooms.lobby.tell(room, frame);
  sendPermissions({ changes, rules, tell });
  const withdraw: MentionOutbox["withdraw"] = (commit, what) => rooms.mentions.withdraw(commit, what);
  const deletion = new Deletion({ ...rooms, kv, tell, caughtUp: () => rooms.caughtUp(), withdraw });
  const closing = new AbortController();
  const { signal } = closing;
  const running = Promise.all([
    changes.run(signal, (error) => failed("poll_failed", error)),
    deletion.run({ ...parts, now, signal, failed: (error) => failed("forgetting_failed", error) }),
  ]);
  return {
    changes,
    accounts,
    sessions: new Credentials(SESSIONS, { kv, changes, now }),
    tokens: new Credentials(TOKENS, { kv, changes, now }),
    guestIds: await GuestIds.open(kv),
    attempts: new SignInThrottle(now),
    rules,
    roomNames,
    liveConnections,
    deletion,
    async close() {
      closing.abort();
      liveConnections.close();
      await running;
    },
  };
}

/** Every room of which something is stored, some more than once. */
async function* storedRooms(kv: Deno.Kv, { archive, outbox }: MessageLog): AsyncGenerator<string> {
  yield* archive.rooms();
  for await (const { bodies } of outbox.after(archive.position)) yield* new Set(bodies.map(roomInBody));
  yield* PermissionStore.rooms(kv);
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
