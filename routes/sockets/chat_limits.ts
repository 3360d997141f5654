/** How much the clients of rooms may send: limits of a connection, of a person, and of the guests of an address. */
import { RateLimiter, type TokenBucket } from "limiter";
import {
  type ClientFrame,
  FrameError,
  isWriting,
  type Ping,
  type WritingFrame,
} from "../../rooms/protocol.ts";
import { decodeFrame } from "../../rooms/frame_decoder.ts";
import { personOf, type User } from "../../rooms/user.ts";
import { Budgets, RateLimits } from "../rate_limits.ts";
import type { Frame } from "./socket.ts";

/** Frames of any kind for each message that is allowed: typing, history, mistakes. */
const FRAMES_PER_MESSAGE = 10;
/**
 * Guests of one address share a budget: a new connection or a new cookie makes a new guest at no cost, a new address
 * isn't free. It is enough for a class of 40 behind one address: what 20 people may say who do nothing else.
 */
const PEOPLE_PER_ADDRESS = 20;
/** How many people's messages of a minute the guests of an address may send in one burst. */
const PEOPLE_AT_ONCE = 4;
/** Characters or bytes of a frame for each further frame that it counts as: reading a large one takes long. */
const SIZE_PER_FRAME = 8 * 1024;
/** Characters of a message for each further token that it takes from the budget of its address. */
const LENGTH_PER_TOKEN = 500;

/** A client sends so much that its connection is to be closed; the message is the reason for it. */
export class TooManyFramesError extends Error {
  override readonly name = "TooManyFramesError";
}

/** Decodes the frames of one connection while they stay within its limits. */
export interface FrameLimits {
  /**
   * @throws {FrameError} for a frame that means nothing, and `rate_limited` for a message that comes too soon.
   * @throws {TooManyFramesError} when the connection is to be closed.
   */
  decode(data: Frame): ClientFrame | Ping;
}

/** The limits of all connections to rooms. `messagesPerMinute` is each person's; 0 = off. */
export class ChatLimits {
  readonly #perMinute: number;
  readonly #people: RateLimits;
  readonly #messages: Budgets;
  readonly #frames: Budgets;

  constructor(messagesPerMinute: number) {
    this.#perMinute = messagesPerMinute;
    this.#people = new RateLimits(messagesPerMinute);
    this.#messages = addressBudgets(messagesPerMinute);
    this.#frames = addressBudgets(messagesPerMinute * FRAMES_PER_MESSAGE);
  }

  /** The limits of a new connection. */
  of(user: User, address: string): FrameLimits {
    if (!this.#perMinute) return { decode: decodeFrame };
    const perMinute = this.#perMinute;
    const person = this.#people.of(personOf(user));
    if (!user.isGuest) return new ConnectionLimits({ perMinute, person });
    const shared = { messages: this.#messages.of(address), frames: this.#frames.of(address) };
    return new ConnectionLimits({ perMinute, person, shared });
  }
}

class ConnectionLimits implements FrameLimits {
  readonly #perMinute: number;
  readonly #person: RateLimiter;
  /** What all guests of the address may send together. */
  readonly #shared: { readonly messages: TokenBucket; readonly frames: TokenBucket } | undefined;
  /** Made with the first frame: most connections only listen. */
  #frames: RateLimiter | undefined;

  constructor(
    { perMinute, person, shared }: {
      perMinute: number;
      person: RateLimiter;
      shared?: { messages: TokenBucket; frames: TokenBucket };
    },
  ) {
    this.#perMinute = perMinute;
    this.#person = person;
    this.#shared = shared;
  }

  decode(data: Frame): ClientFrame | Ping {
    this.#frames ??= new RateLimiter({
      tokensPerInterval: this.#perMinute * FRAMES_PER_MESSAGE,
      interval: "minute",
    });
    const weight = Math.min(weightOf(data), this.#perMinute * FRAMES_PER_MESSAGE);
    if (!this.#frames.tryRemoveTokens(weight)) throw new TooManyFramesError("Too many messages");
    if (this.#shared && !this.#shared.frames.tryRemoveTokens(weight)) {
      throw new TooManyFramesError("Too many messages from this address");
    }
    const frame = decodeFrame(data);
    if (isWriting(frame)) this.#takeTokens(frame);
    return frame;
  }

  #takeTokens(frame: WritingFrame): void {
    const clientId = frame.client_id;
    const length = "message" in frame ? frame.message.length : 0;
    if (!this.#person.tryRemoveTokens(1)) {
      const retryAfterMs = this.#person.getWaitTime(1);
      throw new FrameError("rate_limited", "Rate limit exceeded", { clientId, retryAfterMs });
    }
    if (!this.#shared) return;
    const { messages } = this.#shared;
    const cost = Math.min(1 + Math.floor(length / LENGTH_PER_TOKEN), messages.bucketSize);
    if (messages.tryRemoveTokens(cost)) return;
    const retryAfterMs = messages.getWaitTime(cost);
    const error = "Rate limit of guests at this address exceeded";
    throw new FrameError("rate_limited", error, { clientId, retryAfterMs });
  }
}

/** How many frames a frame counts as. */
function weightOf(frame: Frame): number {
  const size = typeof frame === "string" ? frame.length : frame.byteLength;
  return 1 + Math.floor(size / SIZE_PER_FRAME);
}

function addressBudgets(perMinute: number): Budgets {
  return new Budgets({ burst: PEOPLE_AT_ONCE * perMinute, perMinute: PEOPLE_PER_ADDRESS * perMinute });
}
