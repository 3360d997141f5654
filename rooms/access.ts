/** Who may be where, and what of the past stays: accounts, what they prove themselves by, rules of rooms, erasure. */
import { AccountError, Accounts } from "./accounts/accounts.ts";
import { Attempts } from "./accounts/attempts.ts";
import { GuestBadges } from "./accounts/guest_badge.ts";
import { Passes, SESSIONS, TOKENS } from "./accounts/passes.ts";
import { Passwords } from "./accounts/password.ts";
import type { Changes } from "./changes.ts";
import type { Clock } from "./clock.ts";
import { Doors } from "./doors.ts";
import { Erasure } from "./erasure.ts";
import type { MentionOutbox } from "./notifications/mention_outbox.ts";
import { roomInBody } from "./message.ts";
import type { Rooms } from "./open_rooms.ts";
import type { ServerFrame } from "./protocol.ts";
import { RoomNames } from "./room_names.ts";
import { RuleBook, tellRules } from "./rules.ts";

export interface Access {
  readonly changes: Changes;
  readonly accounts: Accounts;
  readonly sessions: Passes;
  readonly tokens: Passes;
  readonly badges: GuestBadges;
  readonly attempts: Attempts;
  readonly rules: RuleBook;
  readonly roomNames: RoomNames;
  readonly doors: Doors;
  readonly erasure: Erasure;
}

export interface AccessParts {
  readonly kv: Deno.Kv;
  readonly clock: Clock;
  readonly rooms: Rooms;
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
  const rules = new RuleBook(kv, changes);
  const doors = new Doors(changes, now, (error) => failed("visit_failed", error));
  const tell = (room: string, frame: ServerFrame): void => rooms.lobby.tell(room, frame);
  tellRules({ changes, rules, tell });
  const withdraw: MentionOutbox["withdraw"] = (commit, what) => rooms.mentions.withdraw(commit, what);
  const erasure = new Erasure({ ...rooms, kv, tell, caughtUp: () => rooms.caughtUp(), withdraw });
  const closing = new AbortController();
  const { signal } = closing;
  const running = Promise.all([
    changes.run(signal, (error) => failed("look_failed", error)),
    erasure.run({ ...parts, now, signal, failed: (error) => failed("forgetting_failed", error) }),
  ]);
  return {
    changes,
    accounts,
    sessions: new Passes(SESSIONS, { kv, changes, now }),
    tokens: new Passes(TOKENS, { kv, changes, now }),
    badges: await GuestBadges.open(kv),
    attempts: new Attempts(now),
    rules,
    roomNames,
    doors,
    erasure,
    async close() {
      closing.abort();
      doors.close();
      await running;
    },
  };
}

/** Every room of which something is stored, some more than once. */
async function* storedRooms(kv: Deno.Kv, { archive, outbox }: Rooms): AsyncGenerator<string> {
  yield* archive.rooms();
  for await (const { bodies } of outbox.after(archive.position)) yield* new Set(bodies.map(roomInBody));
  yield* RuleBook.rooms(kv);
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
