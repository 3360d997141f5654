/** Who is in which room, as isolates post it to each other. */
import { type PeopleChange, POST_LENGTH, type RemoteUser } from "./channel.ts";

/** A room that is open here, as other isolates see it. */
export interface LocalRoom {
  readonly name: string;
  /** Who is here, each once. */
  readonly usersHere: readonly RemoteUser[];
}

/** Users in one part of a snapshot: about half a post. */
const USERS_PER_PART = 50;

/** Everybody who is in these rooms, in parts that fit into posts; at least one part. */
export function snapshotOf(rooms: Iterable<LocalRoom>): PeopleChange[] {
  const parts: { room: string; users: RemoteUser[] }[] = [];
  for (const { name: room, usersHere } of rooms) {
    for (let i = 0; i < usersHere.length; i += USERS_PER_PART) {
      parts.push({ room, users: usersHere.slice(i, i + USERS_PER_PART).map(remoteUser) });
    }
  }
  if (!parts.length) parts.push({ room: "", users: [] });
  return parts.map((part, i) => ({
    kind: "here",
    ...part,
    isFirst: i === 0,
    isLast: i === parts.length - 1,
  }));
}

/** The part of a user that other isolates get. */
export function remoteUser({ id, name, isGuest, since, namedAt }: RemoteUser): RemoteUser {
  return { id, name, isGuest, since, namedAt };
}

/** Takes from the front what fits into one post, at least one change. */
export function takePost(changes: PeopleChange[]): PeopleChange[] {
  let count = 0;
  for (let length = 0; count < changes.length && (count === 0 || length < POST_LENGTH); count++) {
    length += lengthOf(changes[count]);
  }
  return changes.splice(0, count);
}

/** Roughly the characters of a change as JSON. */
function lengthOf(change: PeopleChange): number {
  const users = change.kind === "here" ? change.users : [change.user];
  return users.reduce((sum, { id, name }) => sum + id.length + name.length + 40, 80 + change.room.length);
}
