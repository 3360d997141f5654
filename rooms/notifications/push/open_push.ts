/** Makes the parts of pushes. */
import type { Access } from "../../access/open_access.ts";
import type { Clock } from "../../clock.ts";
import type { MessageLog } from "../../messages/message_log.ts";
import type { Notifications } from "../open_notifications.ts";
import { isPushEndpoint } from "./push_endpoint.ts";
import { PushOutbox } from "./push_outbox.ts";
import { openVapidKeys, PushSender, type VapidKeys } from "./push_sender.ts";
import { type PushSubscription, PushSubscriptions } from "./push_subscriptions.ts";
import { PushWorker } from "./push_worker.ts";

export { PushOutbox };

interface PushParts extends Pick<Notifications, "inboxes" | "unreadRooms" | "watchLevels"> {
  readonly kv: Deno.Kv;
  readonly clock: Clock;
  readonly random: () => number;
  readonly messageLog: MessageLog;
  readonly pushOutbox: PushOutbox;
  readonly access: Pick<Access, "accounts" | "roomPermissions" | "sessions" | "personIds">;
  /** The operator's address, which push services are told; `undefined`: no pushes. */
  readonly pushSubject: string | undefined;
  /** Milliseconds from a message to its push. */
  readonly pushAfterMs: number;
  /** Origins of further push services. */
  readonly pushOrigins: readonly string[];
  /** Reports what goes wrong, under a fixed name. */
  readonly failed: (what: string, error: unknown) => void;
}

/** The pushes of this isolate. */
export interface Push {
  readonly name: "push";
  /** The public key with which browsers subscribe; `undefined`: there are no pushes. */
  readonly pushKey: string | undefined;
  /** Whether pushes may go to an endpoint. */
  readonly isPushEndpoint: (endpoint: string) => boolean;
  /** Sends pushes of an account to a browser from now on. */
  subscribe(account: string, subscription: Omit<PushSubscription, "at">): Promise<void>;
  /** Sends no more to the browser with this endpoint. */
  unsubscribe(account: string, endpoint: string): Promise<void>;
  quiesce(): void;
  drain(): Promise<void>;
}

/** Opens them on one database, and begins to send. */
export async function openPush(parts: PushParts): Promise<Push> {
  const { kv, clock, messageLog, access, unreadRooms, pushSubject, pushOrigins, pushOutbox, failed } = parts;
  const subscriptions = new PushSubscriptions(kv);
  const keys: VapidKeys | undefined = pushSubject === undefined ? undefined : await openVapidKeys(kv);
  const stopping = new AbortController();
  const worker = keys && pushSubject !== undefined
    ? new PushWorker({
      ...parts,
      ...access,
      outbox: pushOutbox,
      subscriptions,
      marks: unreadRooms.marks,
      counting: messageLog,
      now: clock.now,
      sender: new PushSender({ keys, subject: pushSubject, now: clock.now }),
      isSignedIn: async ({ account, session }) =>
        (await access.sessions.list(account)).some(({ id }) => id === session),
      failed: (error) => failed("push_failed", error),
    })
    : undefined;
  const running = worker?.run(stopping.signal);
  unreadRooms.onEnter((account, room) =>
    subscriptions.entered(account, room).catch((error) => failed("push_failed", error))
  );
  return {
    name: "push",
    pushKey: keys?.publicKey,
    isPushEndpoint: (endpoint) => isPushEndpoint(endpoint, pushOrigins),
    async subscribe(account, subscription) {
      const rooms = (await unreadRooms.marks.of(account)).map(({ room }) => room);
      await subscriptions.add(account, { ...subscription, at: clock.now() }, rooms);
      pushOutbox.isUsed = true;
    },
    unsubscribe: (account, endpoint) => subscriptions.removeEndpoint(account, endpoint),
    quiesce: () => stopping.abort(),
    async drain() {
      await running;
    },
  };
}
