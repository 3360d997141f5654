/** Frames about who is in a room, encoded once for all members that take the same ones. */
import type { Member } from "../member.ts";
import type { PresenceChanges } from "./presence.ts";
import { encodeFrame, joinFrames, type ServerFrame } from "../protocol.ts";
import { SERVICE_ID, type User } from "../user.ts";

/** The changes that are sent at one time. */
export interface PresenceNews extends PresenceChanges {
  readonly typing: readonly User[];
  /** Everyone who is in the room. */
  readonly users: readonly User[];
  /** ISO 8601 */
  readonly timestamp: string;
}

/** A frame that is sent to all but the user whom it is about. */
interface News {
  readonly userId: string;
  readonly frame: string;
}

/** The frames for all members that take the same ones. */
interface Share {
  readonly list: string;
  readonly renamings: readonly string[];
  readonly frames: readonly string[];
  /** The same as one text. */
  readonly joined: string;
}

/**
 * Sends news to all but those whom it is about, and who is here when that has changed or isn't known. Clients of the
 * tutorials get no renamings, and a list of names only.
 */
export function sendPresence(
  members: Iterable<Member>,
  { joined, left, renamed, typing: types, users, timestamp }: PresenceNews,
  personOf: (user: User) => string,
): void {
  const about = (
    user: User,
    frameOf: (named: { user: string; person: string }) => ServerFrame,
  ): News => ({ userId: user.id, frame: encodeFrame(frameOf({ user: user.name, person: personOf(user) })) });
  const joinsAndLeaves = [
    ...joined.map((user) => about(user, (named) => ({ type: "user_join", ...named, timestamp }))),
    ...left.map((user) => about(user, (named) => ({ type: "user_leave", ...named, timestamp }))),
  ];
  const typing = types.map((user) => about(user, (named) => ({ type: "user_typing", ...named })));
  const news = [...joinsAndLeaves, ...typing];
  const subjects = new Set(news.map(({ userId }) => userId));
  const isListNew = joinsAndLeaves.length > 0 || renamed.length > 0;

  const shareOf = (takesEvents: boolean): Share => {
    const renamings = takesEvents
      ? renamed.map(({ user, from }) =>
        encodeFrame({ type: "user_renamed", person: personOf(user), from, to: user.name })
      )
      : [];
    const list = encodeFrame({
      type: "online_users",
      users: users.map(({ name }) => name),
      count: users.length,
      people: takesEvents
        ? users.map((user) => ({
          person: personOf(user),
          username: user.name,
          account: isProved(user) || undefined,
        }))
        : undefined,
    });
    const frames = [...renamings, ...news.map(({ frame }) => frame)];
    if (isListNew) frames.push(list);
    return { list, renamings, frames, joined: joinFrames(frames) };
  };
  let forPlain: Share | undefined;
  let forOthers: Share | undefined;

  for (const member of members) {
    const { list, renamings, frames, joined } = member.connection.takesEvents
      ? forOthers ??= shareOf(true)
      : forPlain ??= shareOf(false);
    if (member.knowsUsers && !subjects.has(member.user.id)) {
      if (frames.length) member.send(frames, joined);
      continue;
    }
    // Who has just come needs no news of comings: everyone is on the list.
    const isNew = !member.knowsUsers;
    const others = (isNew ? typing : news).filter(({ userId }) => userId !== member.user.id);
    const own = [...(isNew ? [] : renamings), ...others.map(({ frame }) => frame)];
    if (isNew || isListNew) own.push(list);
    if (own.length) member.send(own);
    member.knowsUsers = true;
  }
}

/** Whether somebody's name is proved: not a guest, nor a program that speaks under any name. */
function isProved({ id, isGuest }: User): boolean {
  return !isGuest && id !== SERVICE_ID;
}
