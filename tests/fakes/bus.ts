import type { Channel, Post } from "../../rooms/cluster/channel.ts";

/** Channels between isolates of one test, which lose what the test wants to be lost. */
export class Bus {
  /** All posts, in order, lost ones included. */
  readonly posts: Post[] = [];
  /** Whether a post gets lost on the way to everyone. */
  loses: (post: Post) => boolean = () => false;
  readonly #ends = new Set<(post: Post) => void>();

  channel(): Channel {
    let receive: ((post: Post) => void) | undefined;
    return {
      post: (post) => {
        this.posts.push(post);
        if (this.loses(post)) return;
        for (const end of this.#ends) if (end !== receive) queueMicrotask(() => end(structuredClone(post)));
      },
      listen: (listener) => {
        this.#ends.add(receive = (post) => listener.receive(post));
        return Promise.resolve();
      },
      close: () => {
        if (receive) this.#ends.delete(receive);
        return Promise.resolve();
      },
    };
  }

  /** Brings a post to everyone, as if an isolate that is gone had sent it long ago. */
  bringLate(post: Post): void {
    for (const end of this.#ends) end(post);
  }
}
