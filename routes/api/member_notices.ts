/** Tells people that they were added to a private room. */
import { ulid } from "ulid";
import type { Inboxes } from "../../rooms/notifications/inboxes.ts";
import type { RoomPermissions } from "../../rooms/access/room_permissions.ts";
import type { User } from "../../rooms/user.ts";
import type { Translations } from "../translations.ts";
import { RateLimits } from "../rate_limits.ts";

/** How often one person is told of one room: whoever adds and removes them over and over must not fill their inbox. */
const NOTICES_PER_HOUR = 3;

/** Tells those who have become members by a change of a room's rules. */
export type TellAdded = (
  room: string,
  change: { before: RoomPermissions; now: RoomPermissions; by: User },
) => Promise<void>;

/** `language` is the one of the service: the reader's isn't known here. */
export function createMemberNotices(options: {
  inboxes: Inboxes;
  words: Translations;
  language: string;
  now: () => number;
}): TellAdded {
  const { inboxes, words, language } = options;
  const limits = new RateLimits(NOTICES_PER_HOUR, "hour");

  return async (room, { before, now, by }) => {
    // In a public room it means nothing to be a member: who is one learns it when the room becomes private.
    const added = now.isPrivate
      ? now.members.filter((id) => !before.isPrivate || !before.members.includes(id))
      : [];
    const others = added.filter((id) => id !== by.id && id !== now.creator);
    if (!others.length) return;
    const { added_title: title = "", added_text: text = "" } = await words(language, "notice");
    const at = options.now();
    const notification = {
      id: ulid(at),
      title: title.replace("{room}", () => now.title || room),
      message: text.replace("{name}", () => by.name),
      url: `/chat/${encodeURIComponent(room)}/`,
      timestamp: new Date(at).toISOString(),
      // It goes when all is erased that this person said.
      from: by.name,
    };
    for (const id of others) {
      if (limits.of(`${room}/${id}`).tryRemoveTokens(1)) await inboxes.deliver(id, [notification]);
    }
  };
}
