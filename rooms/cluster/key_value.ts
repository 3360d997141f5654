/**
 * Posts between machines through the KV database that they share, and a key by which they watch it for commits.
 *
 * | key | value |
 * | --- | --- |
 * | `["post", versionstamp]` | posts of one sender, as JSON: `{ from, posts }`; kept for a minute |
 * | `["tail"]` | written in every commit that others have to read |
 */
import * as v from "valibot";
import { wait } from "../clock.ts";
import { type Channel, type ChannelListener, decodePost, type Post } from "./channel.ts";
import { MAX_VALUE_BYTES } from "../kv/value_packer.ts";
import { keysAfter, versionstampKey } from "../kv/versionstamp_key.ts";

const TAIL = ["tail"];
const POST = "post";
/** Posts are gathered for this time before one commit sends them. */
const GATHER_MS = 20;
const KEPT_MS = 60_000;
/** Characters in one value; in UTF-8 they may take three times as much, and KV takes 65,536 bytes. */
const MAX_LENGTH = 20_000;
/** Pause before watching again after it failed: KV is out of reach then. */
const RETRY_MS = 500;

const STORED = v.object({ from: v.string(), posts: v.array(v.string()) });

interface KeyValueOptions {
  readonly kv: Deno.Kv;
  readonly failed: (error: unknown) => void;
}

/** A channel through the KV database that all machines share. */
export class KeyValue implements Channel {
  readonly isDatabase = true;
  readonly #id = crypto.randomUUID();
  readonly #options: KeyValueOptions;
  readonly #closing = new AbortController();
  #gathered: string[] = [];
  #sending: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watching: ReadableStreamDefaultReader | undefined;
  #listening: Promise<void> | undefined;
  #cursor = "";

  constructor(options: KeyValueOptions) {
    this.#options = options;
  }

  announce(commit: Deno.AtomicOperation): void {
    commit.set(TAIL, null);
  }

  post(post: Post): void {
    if (this.#isClosed) return;
    this.#gathered.push(JSON.stringify(post));
    this.#timer ??= setTimeout(() => this.#send(), GATHER_MS);
  }

  async listen(listener: ChannelListener): Promise<void> {
    const { kv } = this.#options;
    this.#cursor = (await kv.get(TAIL)).versionstamp ?? "";
    this.#listening = this.#listen(listener);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await this.#sending;
    await this.#watching?.cancel().catch(() => {});
    await this.#listening;
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #send(): void {
    this.#timer = undefined;
    const texts = this.#gathered.splice(0);
    // One after the other: posts keep their order.
    this.#sending = this.#sending.then(() => this.#store(texts)).catch(this.#options.failed);
  }

  async #store(texts: readonly string[]): Promise<void> {
    const { kv } = this.#options;
    for (let from = 0, length = 0, i = 0; i < texts.length; i++) {
      length += texts[i].length;
      if (i + 1 < texts.length && length + texts[i + 1].length <= MAX_LENGTH) continue;
      const value = encoder.encode(JSON.stringify({ from: this.#id, posts: texts.slice(from, i + 1) }));
      [from, length] = [i + 1, 0];
      // A post that is too large for KV is lost, as any post may be.
      if (value.length > MAX_VALUE_BYTES) continue;
      const commit = kv.atomic().set(versionstampKey(kv, POST), value, { expireIn: KEPT_MS });
      this.announce(commit);
      await commit.commit();
    }
  }

  async #listen(listener: ChannelListener): Promise<void> {
    const { kv, failed } = this.#options;
    while (!this.#isClosed) {
      try {
        this.#watching = kv.watch([TAIL]).getReader();
        while (!(await this.#watching.read()).done) {
          listener.receive({ type: "committed" });
          await this.#read(listener);
        }
      } catch (error) {
        if (!this.#isClosed) failed(error);
      }
      if (this.#isClosed) return;
      await wait(RETRY_MS, this.#closing.signal);
      listener.resync?.();
    }
  }

  async #read(listener: ChannelListener): Promise<void> {
    for await (const { key, value } of this.#options.kv.list<Uint8Array>(keysAfter(this.#cursor, POST))) {
      this.#cursor = String(key[1]);
      const stored = v.safeParse(STORED, JSON.parse(decoder.decode(value)));
      if (!stored.success || stored.output.from === this.#id) continue;
      for (const post of stored.output.posts.map(decodePost)) if (post) listener.receive(post);
    }
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
