/** Sends members which of their messages are in the sheet, whichever isolate or machine wrote the rows. */
import type { Channel, Post } from "../../rooms/cluster/channel.ts";
import type { History } from "../../rooms/messages/history.ts";
import type { Lease } from "../../rooms/kv/lease.ts";
import type { Rooms } from "../../rooms/rooms.ts";
import type { Delivery } from "./delivery.ts";

/** Where a message is. */
export interface ReceiptTarget {
  readonly room: string;
  readonly id: string;
}

/** What became of rows. */
export interface Outcome {
  /** All batches up to this versionstamp are settled. */
  readonly upTo: string;
  readonly recorded: readonly ReceiptTarget[];
  readonly refused: readonly ReceiptTarget[];
}

/** What {@link Receipts} works on. */
export interface ReceiptsParts {
  readonly history: History;
  readonly rooms: Rooms;
  readonly delivery: Delivery;
  /** The process that holds it needs no poll. */
  readonly lease: Lease;
  /** Missing when there are no other isolates. */
  readonly channel: Channel | undefined;
}

/** A place takes up to 110 characters in a post. */
const PLACES_PER_POST = 100;

/** Sends members which of their messages are in the sheet. */
export class Receipts {
  readonly #parts: ReceiptsParts;

  constructor(parts: ReceiptsParts) {
    this.#parts = parts;
  }

  /** Sends everyone what was written here. */
  settled(outcome: Outcome): void {
    this.#apply(outcome);
    const { channel } = this.#parts;
    if (!channel) return;
    const { upTo, recorded, refused } = outcome;
    const count = Math.max(recorded.length, refused.length, 1);
    for (let i = 0; i < count; i += PLACES_PER_POST) {
      const part = (places: readonly ReceiptTarget[]): ReceiptTarget[] =>
        places.slice(i, i + PLACES_PER_POST);
      // Only the last part ends it: a process that misses it polls.
      const end = i + PLACES_PER_POST < count ? "" : upTo;
      channel.post({ type: "settled", upTo: end, recorded: part(recorded), refused: part(refused) });
    }
  }

  receive(post: Post): void {
    if (post.type === "settled") this.#apply(post);
  }

  /** Reads from KV what was written elsewhere, in case a post was lost. */
  async poll(): Promise<void> {
    const { history, delivery, lease } = this.#parts;
    if (lease.isHeld) return;
    const upTo = await delivery.readSettled();
    const missed = history.settledBy(upTo);
    if (!missed.length) return;
    const dead = new Set((await delivery.deadLetters.list()).map(({ fields }) => fields.id));
    const recorded = missed.filter(({ id }) => !dead.has(id));
    this.#apply({ upTo, recorded, refused: missed.filter(({ id }) => dead.has(id)) });
  }

  #apply({ upTo, recorded, refused }: Outcome): void {
    const { history, rooms } = this.#parts;
    history.recorded.markRecorded(upTo, recorded, refused);
    rooms.recorded(recorded, "recorded");
    rooms.recorded(refused, "not_recorded");
  }
}
