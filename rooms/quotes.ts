/** The quotes in replies: each is made of a message of the same room as it stands when the reply is sent. */
import { quoteOf } from "./messages/entries/entry.ts";
import type { History } from "./messages/history.ts";
import { isDeleted, type Line } from "./messages/message.ts";
import { FrameError, type Quote } from "./protocol.ts";

/** Messages of the archive that are remembered at a time. */
const MAX_RECALLED = 100;

/** What {@link Quotes} works with. */
export interface QuotesParts {
  readonly history: History;
  /** A durable message in its present state; `undefined`: the room has none of this id. */
  readonly line: (room: string, id: string) => Promise<Line | undefined>;
}

/** Makes quotes at once: a message of the archive is recalled before. */
export class Quotes {
  readonly #room: string;
  readonly #parts: QuotesParts;
  /** Messages of the archive that somebody is about to quote; `undefined`: the room has no such message. */
  readonly #recalled = new Map<string, Line | undefined>();

  constructor(room: string, parts: QuotesParts) {
    this.#room = room;
    this.#parts = parts;
  }

  /** Resolves when {@link of} knows a message; `undefined`: it does. */
  recall(id: string): Promise<void> | undefined {
    if (this.#recalled.has(id) || this.#parts.history.recentLine(this.#room, id)) return undefined;
    if (this.#recalled.size >= MAX_RECALLED) this.#recalled.clear();
    return this.#parts.line(this.#room, id).then((line) => void this.#recalled.set(id, line));
  }

  /**
   * The quote of a message.
   *
   * @throws {FrameError} when it is gone, or the room never had it.
   */
  of(id: string, clientId: string | undefined): Quote {
    const line = this.#parts.history.recentLine(this.#room, id) ?? this.#recalled.get(id);
    if (line && !isDeleted(line)) return quoteOf(line);
    throw new FrameError("not_found", "The message that this answers is gone", { clientId });
  }
}
