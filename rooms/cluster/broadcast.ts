/** Posts between the isolates of one process. */
import type { Channel, ChannelListener, Post } from "./channel.ts";

/**
 * A `BroadcastChannel`. It drops posts silently when more than 256 wait at a receiver (measured); whoever needs all of
 * them has to see the gap by their contents.
 */
export class Broadcast implements Channel {
  readonly #channel: BroadcastChannel;
  #isClosed = false;

  /** All isolates that name the same place hear each other. */
  constructor(place: string) {
    this.#channel = new BroadcastChannel(place);
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
