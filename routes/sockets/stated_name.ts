/** Names that guests state with a message, `username` in its frame. */
import { isGuestName } from "../../rooms/access/account_name.ts";
import type { Accounts } from "../../rooms/access/accounts.ts";
import type { LiveConnections } from "../../rooms/access/live_connections.ts";
import type { Member } from "../../rooms/member.ts";
import { NameHeldError } from "../../rooms/presence/name_claims.ts";
import { type ClientFrame, FrameError } from "../../rooms/protocol.ts";
import type { Room } from "../../rooms/room.ts";
import { ANONYMOUS, cleanName, guest, MAX_NAME_LENGTH, type User } from "../../rooms/user.ts";
import { NAME_HELD, NAME_REFUSED, NAME_TAKEN } from "./upgrade.ts";

/** A name that its guest may use. */
export interface StatedName {
  /** The name as the message has it. */
  readonly stated: string;
  /** The user with this name; `undefined`: the one that the room already knows. */
  readonly speaker: User | undefined;
}

/**
 * Checks the name in a guest's message, and gives it to the member.
 *
 * @throws {FrameError} when the name isn't free, or can't be a name.
 */
export async function takeStatedName(
  { username: stated = "", client_id: clientId }: ClientFrame & { type: "chat_message" },
  { accounts, liveConnections, room, member, badge }: {
    accounts: Accounts;
    liveConnections: LiveConnections;
    room: Room;
    member: Member;
    badge: string | undefined;
  },
): Promise<StatedName> {
  const name = cleanName(stated);
  if (name === undefined) {
    const error = `"username" must have at most ${MAX_NAME_LENGTH} characters`;
    throw new FrameError("invalid_frame", error, { clientId });
  }
  if (!name || name === ANONYMOUS) return { stated, speaker: undefined };
  let speaker: User;
  let since: number;
  do {
    since = liveConnections.changes;
    if (await accounts.ownsAlike(name)) throw new FrameError("name_taken", NAME_TAKEN, { clientId });
    if (!isGuestName(name)) throw new FrameError("name_refused", NAME_REFUSED, { clientId });
    try {
      speaker = await room.introduce(member, guest(name, badge));
    } catch (error) {
      if (!(error instanceof NameHeldError)) throw error;
      throw new FrameError("name_taken", NAME_HELD, { clientId });
    }
    // An account of this name may have been made meanwhile, before this connection had the name.
  } while (since !== liveConnections.changes);
  const isKnown = speaker.id === member.user.id && speaker.name === member.user.name;
  return { stated, speaker: isKnown ? undefined : speaker };
}
