/**
 * Saves a document's edits.
 *
 * An update in KV must never refer to an edit that isn't there. So a save takes all edits that aren't known to be in KV,
 * those of other isolates included. Other isolates save their own edits and post that; what one of them doesn't confirm
 * within {@link CONFIRM_WITHIN_MS}, because it died, is saved here.
 */
import * as Y from "yjs";
import { wait } from "../clock.ts";
import { DocumentStore } from "./document_store.ts";

interface PersistenceParts {
  readonly store: DocumentStore;
  /** The whole document as an update. */
  readonly state: () => Uint8Array<ArrayBuffer>;
  /** Applies edits that were read from KV. */
  readonly apply: (updates: readonly Uint8Array<ArrayBuffer>[]) => void;
  /** Resolves when edits may be saved. Never rejects. */
  readonly ready: () => Promise<void>;
  /** Called when the edits made here are durable up to this number. */
  readonly saved: (number: number) => void;
  /** Called when a save failed; it is tried again. */
  readonly failed: (error: unknown) => void;
}

/** An edit that isn't known to be durable. */
interface Unsaved {
  /** `undefined`: many edits, for which the whole document is saved. */
  readonly update: Uint8Array<ArrayBuffer> | undefined;
  /** The isolate that saves it, and its number there; `undefined`: this one. */
  readonly from: string | undefined;
  readonly number: number;
  /** Its position in the order of arrival at this isolate; of many edits, the first one's. */
  readonly order: number;
}

/** Edits made within this time are saved in one commit. */
const GATHER_MS = 200;
/** Another isolate confirms within this time that its edit is durable; otherwise this isolate saves it. */
const CONFIRM_WITHIN_MS = 2_000;
const RETRY_MS = 1_000;
/** After this number of updates a snapshot replaces them. */
const MAX_SURPLUS = 200;
/** The same when the document is closed. */
const MAX_SURPLUS_CLOSED = 20;
/** Above these limits, unsaved edits are dropped from memory and the whole document is saved: KV may be down for hours. */
const MAX_UNSAVED = { edits: 1_000, bytes: 256 * 1024 };
/** Waiting callbacks of one participant; a connection may send 6,000 frames at once, and 100 a second after that. */
const MAX_WAITING = 10_000;

/** Saves and reads the edits of one document. */
export class Persistence {
  readonly #parts: PersistenceParts;
  /** The edits that are being saved, and those that arrived since, both in order of arrival. */
  #batch: readonly Unsaved[] = [];
  #fresh: Unsaved[] = [];
  /** The size of the fresh edits. */
  #bytes = 0;
  #number = 0;
  #order = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueAt = Infinity;
  #saving: Promise<void> | undefined;
  /** The last operation on KV: they run one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** A read that hasn't begun yet. */
  #reading: Promise<void> | undefined;
  readonly #closing = new AbortController();
  #waiting: { order: number; by: object; done: () => void }[] = [];
  /** How many of them each participant has. */
  readonly #counts = new Map<object, number>();

  constructor(parts: PersistenceParts) {
    this.#parts = parts;
  }

  /** How many edits were made here. */
  get number(): number {
    return this.#number;
  }

  /** Adds an edit that was made here. */
  own(update: Uint8Array<ArrayBuffer>): void {
    this.#add({ update, from: undefined, number: ++this.#number, order: ++this.#order });
  }

  /** Adds an edit that another isolate will save. */
  foreign(update: Uint8Array<ArrayBuffer>, from: string, number: number): void {
    this.#add({ update, from, number, order: ++this.#order });
  }

  /** Another isolate has saved its edits up to a number. */
  confirmed(from: string, number: number): void {
    const isUnsaved = (edit: Unsaved) => edit.from !== from || edit.number > number;
    this.#batch = this.#batch.filter(isUnsaved);
    this.#fresh = this.#fresh.filter(isUnsaved);
    this.#callBack();
  }

  /**
   * Calls `done` once all edits that are here by now are durable, at once if they are. Edits of other isolates count too:
   * the participant may have made one there before it reconnected to this isolate. Answers false when the participant
   * has {@link MAX_WAITING} callbacks waiting already.
   */
  whenSaved(by: object, done: () => void): boolean {
    if (this.#firstUnsaved === Infinity) {
      done();
      return true;
    }
    const count = this.#counts.get(by) ?? 0;
    if (count >= MAX_WAITING) return false;
    this.#counts.set(by, count + 1);
    this.#waiting.push({ order: this.#order, by, done });
    return true;
  }

  /** Drops the callbacks of a participant that has left. */
  forget(by: object): void {
    if (!this.#counts.delete(by)) return;
    this.#waiting = this.#waiting.filter((waiting) => waiting.by !== by);
  }

  /** Saves now, and resolves when nothing is unsaved and nothing is being written. */
  async settle(): Promise<void> {
    while ((this.#fresh.length || this.#saving) && !this.#isClosed) await this.#saveNow();
  }

  /**
   * Reads and applies the edits that others have written.
   *
   * @throws {Error} when KV can't be read
   */
  read(): Promise<void> {
    return this.#reading ??= this.#inTurn(async () => {
      // A read that is requested from now on has to find what this one may miss.
      this.#reading = undefined;
      this.#parts.apply(await this.#parts.store.read());
    });
  }

  /** Replaces updates by a snapshot if there are many, so that the document opens fast. */
  async tidy(): Promise<void> {
    if (this.#parts.store.surplus > MAX_SURPLUS_CLOSED) await this.#inTurn(() => this.#replace());
  }

  /** Stops saving; edits that aren't saved by now are lost to this process. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await this.#saving;
    await this.#turn.catch(() => {});
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #add(edit: Unsaved): void {
    this.#fresh.push(edit);
    this.#bytes += edit.update?.length ?? 0;
    this.#limit();
    this.#schedule();
  }

  /** Replaces the fresh edits, if they are too many, by the whole document. */
  #limit(): void {
    const { length: edits, 0: first } = this.#fresh;
    if (edits <= MAX_UNSAVED.edits && this.#bytes <= MAX_UNSAVED.bytes) return;
    this.#fresh = [{ update: undefined, from: undefined, number: this.#number, order: first.order }];
    this.#bytes = 0;
  }

  #schedule(): void {
    if (this.#fresh.length) {
      this.#saveWithin(this.#fresh.some(({ from }) => !from) ? GATHER_MS : CONFIRM_WITHIN_MS);
    }
  }

  #saveWithin(ms: number): void {
    const at = performance.now() + ms;
    if (this.#isClosed || this.#saving || at >= this.#dueAt) return;
    this.#dueAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#saveNow(), ms);
  }

  #saveNow(): Promise<void> {
    clearTimeout(this.#timer);
    this.#dueAt = Infinity;
    return this.#saving ??= this.#save().finally(() => {
      this.#saving = undefined;
      this.#schedule();
    });
  }

  async #save(): Promise<void> {
    if (!this.#fresh.length) return;
    const number = this.#number;
    const updates = this.#fresh.map(({ update }) => update);
    [this.#batch, this.#fresh, this.#bytes] = [this.#fresh, [], 0];
    try {
      await this.#inTurn(() => this.#write(updates));
    } catch (error) {
      this.#fresh = [...this.#batch, ...this.#fresh];
      this.#batch = [];
      this.#bytes = this.#fresh.reduce((sum, { update }) => sum + (update?.length ?? 0), 0);
      this.#limit();
      this.#parts.failed(error);
      return await wait(RETRY_MS, this.#closing.signal);
    }
    this.#batch = [];
    this.#parts.saved(number);
    this.#callBack();
    if (this.#parts.store.surplus < MAX_SURPLUS) return;
    await this.#inTurn(() => this.#replace()).catch(this.#parts.failed);
  }

  /** The position of the first edit that isn't durable. */
  get #firstUnsaved(): number {
    return (this.#batch[0] ?? this.#fresh[0])?.order ?? Infinity;
  }

  /** Calls the callbacks whose edits are all durable. */
  #callBack(): void {
    const first = this.#firstUnsaved;
    const settled = this.#waiting.filter(({ order }) => order < first);
    this.#waiting = this.#waiting.filter(({ order }) => order >= first);
    for (const { by, done } of settled) {
      const count = (this.#counts.get(by) ?? 0) - 1;
      if (count > 0) this.#counts.set(by, count);
      else this.#counts.delete(by);
      done();
    }
  }

  async #write(updates: readonly (Uint8Array<ArrayBuffer> | undefined)[]): Promise<void> {
    await this.#parts.ready();
    const update = merged(updates);
    if (update && DocumentStore.fits(update)) return await this.#parts.store.append(update);
    while (!await this.#replace()) if (this.#isClosed) throw new Error("Closed before it was saved");
  }

  async #replace(): Promise<boolean> {
    const { store, apply, state } = this.#parts;
    apply(await store.read());
    // A closed document applies nothing any more: the snapshot would lack the edits that were just read.
    if (this.#isClosed) throw new Error("Closed before it was replaced by a snapshot");
    return await store.replace(state());
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.catch(() => {}).then(act);
    this.#turn = turn;
    return turn;
  }
}

/** The updates merged into one; `undefined` when the whole document has to be saved. */
function merged(
  updates: readonly (Uint8Array<ArrayBuffer> | undefined)[],
): Uint8Array<ArrayBuffer> | undefined {
  const known = updates.filter((update) => update !== undefined);
  if (known.length < updates.length) return undefined;
  return known.length === 1 ? known[0] : Y.mergeUpdates(known) as Uint8Array<ArrayBuffer>;
}
