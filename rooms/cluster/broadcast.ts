/** Posts between the isolates of one process. */
import type { Channel, ChannelListener, Post } from "./channel.ts";

/**
 * A `BroadcastChannel`. It drops posts silently when more than 256 wait at a receiver (measured); receivers that need all
 * of them detect the gap by their contents.
 */
export class Broadcast implements Channel {
  readonly #channel: BroadcastChannel;
  #isClosed = false;

  /** All isolates with the same topic receive each other's posts. */
  constructor(topic: string) {
    this.#channel = new BroadcastChannel(topic);
  }

  post(post: Post): void {
    if (this.#isClosed) return;
    this.#channel.postMessage(post);
  }

  listen(listener: ChannelListener): Promise<void> {
    // Only this very program can have posted it.
    this.#channel.onmessage = ({ data }: MessageEvent<Post>) => listener.receive(data);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#channel.close();
    return Promise.resolve();
  }
}
