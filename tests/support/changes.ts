/** What clients do to messages. */
import type { Client, Frame } from "./client.ts";

/** Asks for a change and waits until it is acknowledged, or refused. */
export async function change(
  client: Client,
  frame: object,
  clientId: string = crypto.randomUUID(),
): Promise<Frame> {
  client.send({ ...frame, client_id: clientId });
  const isAnswer = ({ type, client_id }: Frame): boolean =>
    (type === "ack" || type === "error") && client_id === clientId;
  await client.until((frames) => frames.some(isAnswer));
  return client.frames.findLast(isAnswer) as Frame;
}
