/** What is said in one room: a message on its way from its sender to the journal. */
import { Attachments } from "./files/attachments.ts";
import type { Files } from "./files/files.ts";
import type { Counters } from "./counters.ts";
import type { Member } from "./member.ts";
import type { Sender, Writer } from "./messages/journal.ts";
import type { Attached, Draft, MessageFactory } from "./messages/draft.ts";
import { checkBody, cleanText } from "./messages/message_text.ts";
import type { Accepted, ResendKey } from "./messages/resend_key.ts";
import { type ClientFrame, FrameError, type NamedFile } from "./protocol.ts";
import { Quotes, type QuotesParts } from "./quotes.ts";
import type { User } from "./user.ts";

/** What {@link RoomMessages} works with. */
export interface RoomMessagesParts extends QuotesParts {
  readonly journal: Writer;
  readonly messageFactory: MessageFactory;
  readonly files: Pick<Files, "find" | "shown">;
  readonly counters: Counters;
  /** In characters; 0: as many as a sheet's cell holds. */
  readonly maxMessageLength: number;
  readonly personOf: (room: string, user: User) => string;
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
  /** A monotonic time, in milliseconds. */
  readonly elapsed: () => number;
  /** The answer to a message that was sent before; `undefined` for a new one. */
  readonly sent: (room: string, key: ResendKey) => Promise<Accepted | undefined>;
  /**
   * @throws {FrameError} when nothing can be stored at present.
   */
  readonly checkStorage: (clientId: string | undefined) => void;
  readonly failed: (error: unknown) => void;
}

/** What somebody says in a room. */
export interface Said extends Attached {
  readonly message: string;
}

/** How a message is recognised when it is sent again. */
export type Resend = Pick<ResendKey, "clientId" | "isDoubtful">;

type Say = ClientFrame & { type: "chat_message" };

/**
 * Members who reconnect send unanswered messages again. For this time after a member joined, the process that it was
 * connected to before may still be storing them.
 */
const DOUBTFUL_MS = 60_000;

/** Makes messages of what members send, and passes them to the journal. */
export class RoomMessages {
  readonly #room: string;
  readonly #parts: RoomMessagesParts;
  readonly #quotes: Quotes;
  readonly #attachments: Attachments;

  constructor(room: string, parts: RoomMessagesParts) {
    this.#room = room;
    this.#parts = parts;
    this.#quotes = new Quotes(room, parts);
    this.#attachments = new Attachments(room, parts.files);
  }

  /** Reads what a frame needs before it is received, such as a quoted message or files; `undefined` when nothing has to be read. */
  recall(frame: ClientFrame): Promise<unknown> | undefined {
    if (frame.type !== "chat_message") return undefined;
    const { reply_to, files } = frame;
    const quote = reply_to === undefined ? undefined : this.#quotes.recall(reply_to);
    const named = files?.length ? this.#attachments.recall(files) : undefined;
    return quote && named ? Promise.all([quote, named]) : quote ?? named;
  }

  /**
   * Takes a frame of a member, who speaks as `user`.
   *
   * @throws {FrameError} when the message is refused.
   */
  receive(member: Member, user: User, { message, client_id: clientId, reply_to, files: named }: Say): void {
    const resend = clientId === undefined
      ? undefined
      : { clientId, isDoubtful: this.#parts.elapsed() - member.since < DOUBTFUL_MS };
    const replyTo = reply_to === undefined ? undefined : this.#quotes.of(reply_to, clientId);
    if (!named?.length) return void this.say(user, { message, replyTo }, member, resend);
    const person = this.#parts.personOf(this.#room, user);
    const files = this.#attachments.of(named, { user, person, clientId, now: this.#parts.now() });
    if (files) this.say(user, { message, replyTo, files }, member, resend);
    else void this.#answerAgain(member, { user, message, named, resend });
  }

  /**
   * Adds a message to the room, from a member or from outside; `sender` is notified when it is durable.
   *
   * @throws {FrameError} when the message is refused.
   */
  say(user: User, { message, ...attached }: Said, sender: Sender, resend?: Resend): Draft {
    const clientId = resend?.clientId;
    const { counters, messageFactory, journal, maxMessageLength, checkStorage } = this.#parts;
    const text = cleanText(message, maxMessageLength, clientId, attached.files);
    checkStorage(clientId);
    const draft = messageFactory.draft(this.#room, user, text, attached);
    checkBody(draft.body, clientId);
    counters.messages++;
    journal.write({
      draft,
      senders: [sender],
      resend: resend && resendKeyOf(user, text, attached.files, resend),
    });
    return draft;
  }

  /** Answers a message whose files were named before: either the same message was sent before, or the files are those of another one. */
  async #answerAgain(
    member: Member,
    { user, message, named, resend }: {
      user: User;
      message: string;
      named: readonly NamedFile[];
      resend: Resend | undefined;
    },
  ): Promise<void> {
    const { sent, failed } = this.#parts;
    const clientId = resend?.clientId;
    try {
      const key = resend &&
        resendKeyOf(user, message.trim() ? cleanText(message, 0, clientId) : "", named, resend);
      const first = key && await sent(this.#room, key);
      if (first) return member.accepted(first, key);
      member.refuse(new FrameError("file_refused", "Another message has this file", { clientId }));
    } catch (error) {
      failed(error);
      member.failed(clientId === undefined ? undefined : { userId: user.id, clientId, message });
    }
  }
}

/** How a message is recognised when it is sent again; messages of files alone differ by their files. */
export function resendKeyOf(
  user: User,
  text: string,
  files: readonly NamedFile[] | undefined,
  resend: Resend,
): ResendKey {
  const ids = files?.map(({ id }) => id) ?? [];
  return { userId: user.id, message: [text, ...ids].join("\n"), ...resend };
}
