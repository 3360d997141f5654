/** Messages without a room or a journal. */
import { createMessageFactory, type MessageFactory } from "../../rooms/messages/draft.ts";

/** A factory as a new service has it, in UTC and by the machine's clock unless told otherwise. */
export function messageFactoryOf({ timeZone = "UTC", now = Date.now } = {}): MessageFactory {
  return createMessageFactory({ timeZone, now, random: Math.random, after: "" });
}
