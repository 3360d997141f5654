/** A client of somebody's notifications. */
import { Client, type Frame } from "./client.ts";
import { TOKEN } from "./service.ts";
import { Visitor } from "./visitor.ts";

/** The address of the notifications' socket. */
export function inboxAddress(origin: string, query = ""): string {
  return `${origin.replace("http", "ws")}/ws/notifications/${query}`;
}

/** Opens a person's notifications, and waits for the first count. */
export async function openInbox(origin: string, { cookie }: Visitor): Promise<Client> {
  const client = new Client(inboxAddress(origin), { headers: { cookie } });
  await client.until((frames) => frames.length > 0);
  return client;
}

/** The count that a client was told last. */
export function unreadOf(client: Client): number | undefined {
  return client.all("unread_count").at(-1)?.count;
}

/** Resolves when a client has been told this count. */
export async function counted(client: Client, count: number): Promise<void> {
  await client.until(() => unreadOf(client) === count);
}

/** Resolves when a client was told last that so much is unread in a room. */
export function toldUnread(client: Client, room: string, unread: number, mentions = 0): Promise<void> {
  const last = (): Frame | undefined => client.all("room_unread").findLast((frame) => frame.room === room);
  return client.until(() => last()?.unread === unread && last()?.mentions === mentions);
}

/** Notifies somebody as a backend does; answers the notification. */
export async function notify(origin: string, user: string, message: string): Promise<Frame> {
  const backend = new Visitor(origin, { authorization: `Bearer ${TOKEN}` });
  const { status, body } = await backend.ask("POST", "/api/notifications", { user, title: "Order", message });
  if (status !== 201) throw new Error(`Notifying ${user} failed: ${JSON.stringify(body)}`);
  return body;
}

/** The texts of somebody's notifications, the newest first. */
export async function inboxOf(visitor: Visitor, query = ""): Promise<string[]> {
  const { body } = await visitor.ask("GET", `/api/notifications${query}`);
  return body.notifications.map(({ message }: { message: string }) => message);
}
