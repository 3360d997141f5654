/**
 * Documents under chance: whatever is typed by whom and where, whichever connection is cut and whichever isolate dies
 * between any two commits, in the end all have one text, nothing acknowledged is missing from it, and nothing is doubled.
 */
import { assertEquals } from "@std/assert";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { Awareness, encodeAwarenessUpdate } from "y-protocols/awareness";
import * as sync from "y-protocols/sync";
import * as Y from "yjs";
import { Documents, type OpenParticipation } from "../../rooms/documents/documents.ts";
import type { Channel, Post } from "../../rooms/cluster/channel.ts";
import { until } from "../support/editor.ts";
import { seeded } from "../support/random.ts";

const SEEDS = [1, 2, 3, 6];
const STEPS = 120;
const ISOLATES = 3;
const ID = "minutes";
/** How long a frame is on its way, so that edits cross. */
const WAY_MS = 15;
/** The close code with which a document asks a client to come back: IANA's "try again later". */
const TRY_AGAIN = 1013;
/** The share of posts that get lost. */
const LOSS = 0.2;

for (const seed of SEEDS) {
  Deno.test(`Documents converge over isolates that die and posts that get lost, seed ${seed}`, async () => {
    const random = seeded(seed);
    const world = await World.open(random);
    const yjs = Array.from({ length: 4 }, (_, i) => new YjsClient(`y${i}`, random));
    const plain = Array.from({ length: 2 }, (_, i) => new PlainClient(`p${i}`, random));
    const all = [...yjs, ...plain];
    for (const client of all) await client.connect(world.pick());
    for (let step = 0; step < STEPS; step++) {
      const client = all[Math.floor(random() * all.length)];
      const chance = random();
      if (chance < 0.8) client.edit(token(step));
      else if (chance < 0.88) client.cut();
      else if (chance < 0.95) await client.connect(world.pick());
      else {
        const victim = world.pick();
        for (const client of all) if (client.at === victim) client.cut();
        world.kill(victim);
      }
      if (random() < 0.3) await pause(random() * 60);
    }
    const textOf = (): string => yjs[0].text;
    await until(() => {
      for (const client of all) if (!client.at) void client.connect(world.pick());
      return all.every(({ at, text }) => at && text === textOf());
    }, `all have one text, seed ${seed}`);
    await world.settle();
    const inserted = yjs.flatMap(({ tokens }) => tokens);
    const acknowledged = plain.flatMap(({ acknowledged }) => acknowledged);
    const text = textOf();
    for (const one of [...inserted, ...acknowledged]) {
      assertEquals([one, text.split(one).length - 1], [one, 1]);
    }
    for (const one of text) assertEquals(text.split(one).length - 1 > 1 && one !== "文", false);
    for (const client of all) client.cut();
    for (const isolate of [...world.isolates]) world.kill(isolate);
    assertEquals(await world.pick().read(ID), text);
    await world.close();
  });
}

/** Each is in a text once at most. */
function token(step: number): string {
  return String.fromCharCode(0xe000 + step);
}

/** Isolates on one database. A killed one doesn't get another thing done. */
class World {
  readonly isolates: Documents[] = [];
  readonly #kv: Deno.Kv;
  readonly #random: () => number;
  readonly #hearing = new Map<Documents, (post: Post) => void>();
  readonly #deaths = new Map<Documents, () => void>();

  static async open(random: () => number): Promise<World> {
    const world = new World(await Deno.openKv(":memory:"), random);
    for (let i = 0; i < ISOLATES; i++) world.#start();
    return world;
  }

  private constructor(kv: Deno.Kv, random: () => number) {
    this.#kv = kv;
    this.#random = random;
  }

  pick(): Documents {
    return this.isolates[Math.floor(this.#random() * this.isolates.length)];
  }

  kill(victim: Documents): void {
    this.#deaths.get(victim)?.();
    this.#hearing.delete(victim);
    victim.close();
    this.isolates.splice(this.isolates.indexOf(victim), 1);
    this.#start();
  }

  async settle(): Promise<void> {
    await Promise.all(this.isolates.map((isolate) => isolate.settle()));
  }

  async close(): Promise<void> {
    await this.settle();
    for (const isolate of this.isolates) isolate.close();
    await pause(50);
    this.#kv.close();
  }

  #start(): void {
    let isDead = false;
    const channel: Channel = {
      post: (post) => {
        for (const [other, hear] of this.#hearing) {
          if (other === isolate || isDead || this.#random() < LOSS) continue;
          setTimeout(() => this.#hearing.has(other) && hear(structuredClone(post)), 1);
        }
      },
      listen: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
    const failed = (what: string, error: unknown): void => {
      if (!isDead) throw new Error(what, { cause: error });
    };
    const kv = mortal(this.#kv, () => isDead);
    const isolate: Documents = new Documents({ kv, now: Date.now, channel, lingerMs: 20, failed });
    this.#hearing.set(isolate, (post) => isolate.receive(post));
    this.#deaths.set(isolate, () => isDead = true);
    this.isolates.push(isolate);
  }
}

/** KV that can't be reached any more from one that is dead. */
function mortal(kv: Deno.Kv, isDead: () => boolean): Deno.Kv {
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          if (isDead()) throw new Error("Dead");
          const result = value.apply(target, args);
          return result === target || name === "atomic" ? wrap(result) : result;
        };
      },
    });
  return wrap(kv);
}

abstract class TestClient {
  at: Documents | undefined;
  readonly user: { id: string; name: string };
  protected readonly random: () => number;
  #participation: OpenParticipation | undefined;
  /** Which connection it is: what the last one's still brings is void. */
  #turn = 0;

  constructor(name: string, random: () => number) {
    this.user = { id: name, name };
    this.random = random;
  }

  abstract get text(): string;
  abstract edit(token: string): void;
  protected abstract begin(): void;
  protected abstract take(frame: string | Uint8Array): void;
  protected abstract readonly kind: "yjs" | "plain";

  async connect(at: Documents): Promise<void> {
    this.cut();
    const turn = this.#turn;
    this.at = at;
    const participation = await at.join(ID, {
      user: this.user,
      send: (frame) => void setTimeout(() => this.#turn === turn && this.take(frame), WAY_MS),
      drained: () => Promise.resolve(),
      close: (code, reason) => {
        if (code !== TRY_AGAIN) throw new Error(`${this.user.name} was closed: ${code} ${reason}`);
        // Whose edits depend on some that an isolate took to its death is asked to come back, as every provider does.
        if (this.#turn === turn) this.cut();
        return Promise.resolve();
      },
    }, this.kind);
    if (this.#turn !== turn) return participation?.leave();
    this.#participation = participation;
    this.begin();
  }

  cut(): void {
    this.#turn++;
    this.at = undefined;
    this.#participation?.leave();
    this.#participation = undefined;
  }

  protected send(frame: string | Uint8Array<ArrayBuffer>): void {
    const turn = this.#turn;
    setTimeout(() => {
      if (this.#turn === turn) {
        this.#participation?.receive(typeof frame === "string" ? frame : frame.slice().buffer);
      }
    }, WAY_MS);
  }

  /** A place, and whether to delete the filler that stands there. */
  protected choose(): { position: number; deletes: boolean } {
    const position = Math.floor(this.random() * (this.text.length + 1));
    return { position, deletes: this.text[position] === "文" && this.random() < 0.5 };
  }
}

class YjsClient extends TestClient {
  readonly kind = "yjs";
  readonly doc = new Y.Doc();
  readonly tokens: string[] = [];
  #turns = 0;

  constructor(name: string, random: () => number) {
    super(name, random);
    this.doc.clientID = Math.floor(random() * 2 ** 32);
    this.doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin === this) return;
      this.#send((encoder) => sync.writeUpdate(encoder, update));
    });
  }

  get text(): string {
    return this.doc.getText("content").toString();
  }

  edit(token: string): void {
    const text = this.doc.getText("content");
    const { position, deletes } = this.choose();
    if (deletes) return text.delete(position, 1);
    text.insert(position, `${token}文`);
    this.tokens.push(token);
  }

  protected begin(): void {
    this.#send((encoder) => sync.writeSyncStep1(encoder, this.doc));
    // As every provider does: under this id nobody else can write.
    const states = new Awareness(this.doc);
    states.setLocalState({ turn: ++this.#turns });
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarUint8Array(encoder, encodeAwarenessUpdate(states, [this.doc.clientID]));
    this.send(encoding.toUint8Array(encoder));
    states.destroy();
  }

  protected take(frame: string | Uint8Array): void {
    if (typeof frame === "string") throw new Error(`A Yjs client got a text: ${frame}`);
    const decoder = decoding.createDecoder(frame);
    if (decoding.readVarUint(decoder) !== 0) return;
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 0);
    sync.readSyncMessage(decoder, encoder, this.doc, this);
    if (encoding.length(encoder) > 1) this.send(encoding.toUint8Array(encoder));
  }

  #send(write: (encoder: encoding.Encoder) => void): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 0);
    write(encoder);
    this.send(encoding.toUint8Array(encoder));
  }
}

class PlainClient extends TestClient {
  readonly kind = "plain";
  readonly acknowledged: string[] = [];
  text = "";
  #hasText = false;

  edit(token: string): void {
    if (!this.#hasText) return;
    const { position, deletes } = this.choose();
    const edit = deletes
      ? { action: "delete", position, text: "文", client_id: "" }
      : { action: "insert", position, text: `${token}文`, client_id: token };
    this.#apply(edit);
    this.send(JSON.stringify({ type: "edit", ...edit }));
  }

  override cut(): void {
    super.cut();
    this.#hasText = false;
  }

  protected begin(): void {}

  protected take(text: string | Uint8Array): void {
    const frame = JSON.parse(String(text));
    if (frame.type === "saved" && frame.client_id) this.acknowledged.push(frame.client_id);
    if (frame.type === "edit") this.#apply(frame);
    if (frame.type !== "document_content") return;
    this.text = frame.content;
    this.#hasText = true;
  }

  #apply({ action, position, text }: { action: string; position: number; text: string }): void {
    const end = action === "delete" ? position + text.length : position;
    this.text = this.text.slice(0, position) + (action === "insert" ? text : "") + this.text.slice(end);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
