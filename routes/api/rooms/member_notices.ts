/** Notifies people that they were added to a private room. */
import { ulid } from "ulid";
import type { Inboxes } from "../../../rooms/notifications/inboxes.ts";
import type { RoomPermissions } from "../../../rooms/access/room_permissions.ts";
import type { User } from "../../../rooms/user.ts";
import type { Translations } from "../../translations.ts";
import { RateLimits } from "../../rate_limits.ts";

/** The most notifications to one person about one room: adding and removing somebody again and again must not fill the inbox. */
const NOTICES_PER_HOUR = 3;

/** Notifies those who became members by a change of a room's permissions. */
export type NotifyAdded = (
  room: string,
  change: { before: RoomPermissions; now: RoomPermissions; by: User },
) => Promise<void>;

/** Makes what notifies new members, in the service's language: the reader's isn't known here. */
export function createMemberNotices(options: {
  inboxes: Inboxes;
  words: Translations;
  language: string;
  now: () => number;
}): NotifyAdded {
  const { inboxes, words, language } = options;
  const limits = new RateLimits(NOTICES_PER_HOUR, "hour");

  return async (room, { before, now, by }) => {
    // Membership has no effect in a public room: members are notified once the room becomes private.
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
      // Deleting everything of this person deletes it, too.
      from: by.name,
    };
    for (const id of others) {
      if (limits.of(`${room}/${id}`).tryRemoveTokens(1)) await inboxes.deliver(id, [notification]);
    }
  };
}
