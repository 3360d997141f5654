/** Posts between machines through Redis. */
import type { createClient, RedisClientType } from "@redis/client";
import { within } from "../clock.ts";
import { type Channel, type ChannelListener, decodePost, type Post } from "./channel.ts";

/** The Redis server and the topic. */
export interface RedisOptions {
  /** `redis://user:password@host:port`, or `rediss:` with TLS. Secret. */
  readonly url: string;
  /** All machines with the same topic receive each other's posts. */
  readonly topic: string;
  /** Called when Redis is out of reach, and with `undefined` when it is back. */
  readonly troubled: (error: Error | undefined) => void;
}

/** Time between tries while Redis is out of reach. */
const RECONNECT_EVERY_MS = 250;
/** The most posts that wait for a Redis that doesn't answer; further ones are lost. */
const MAX_QUEUE = 5_000;
const CONNECT_WITHIN_MS = 2_000;
/** A connection that is silent for this time is pinged, so that a dead one is noticed. */
const PING_EVERY_MS = 5_000;

/**
 * One Redis channel for all rooms: there is one committer, whose posts follow each other without a gap, which
 * channels for single rooms could not show. Redis loses posts only together with a connection.
 */
export class Redis implements Channel {
  readonly #id = crypto.randomUUID();
  readonly #options: RedisOptions;
  readonly #speaking: RedisClientType;
  readonly #listening: RedisClientType;
  #isTroubled = false;
  #isClosed = false;

  /** `create` is the client library's, which is loaded only where Redis is used. */
  constructor(options: RedisOptions, create: typeof createClient) {
    this.#options = options;
    this.#speaking = create({
      url: options.url,
      disableOfflineQueue: true,
      commandsQueueMaxLength: MAX_QUEUE,
      pingInterval: PING_EVERY_MS,
      socket: { reconnectStrategy: RECONNECT_EVERY_MS },
    }) as RedisClientType;
    this.#listening = this.#speaking.duplicate() as RedisClientType;
  }

  post(post: Post): void {
    // While it is out of reach, posts are lost.
    this.#speaking.publish(this.#options.topic, `${this.#id} ${JSON.stringify(post)}`).catch(() => {});
  }

  async listen(listener: ChannelListener): Promise<void> {
    for (const client of [this.#speaking, this.#listening]) {
      client.on("error", (error: Error) => this.#troubled(error));
      client.on("ready", () => {
        if (this.#speaking.isReady && this.#listening.isReady) this.#troubled(undefined);
        listener.resync?.();
      });
    }
    const heard = (text: string): void => {
      const post = text.startsWith(this.#id) ? undefined : decodePost(text.slice(this.#id.length + 1));
      if (post) listener.receive(post);
    };
    const connected = Promise.all([this.#speaking.connect(), this.#listening.connect()]);
    const subscribed = connected.then(() => this.#listening.subscribe(this.#options.topic, heard));
    // The service starts without Redis, too, and receives posts once it is there.
    await within(CONNECT_WITHIN_MS, subscribed.catch((error) => this.#troubled(error)));
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#speaking.destroy();
    this.#listening.destroy();
    return Promise.resolve();
  }

  #troubled(error: Error | undefined): void {
    if (this.#isClosed || this.#isTroubled === (error !== undefined)) return;
    this.#isTroubled = error !== undefined;
    this.#options.troubled(error);
  }
}
