/**
 * Keeps edits until they are durable.
 *
 * Whatever is appended to KV must never refer to something that isn't there: so a save takes all that isn't known to
 * stand in KV, what came from other isolates included. Those save theirs themselves, and say so; what one of them never
 * says, because it died, is saved here after a while.
 */
import * as Y from "yjs";
import { DocumentStore } from "./document_store.ts";

export interface PersistenceParts {
  readonly store: DocumentStore;
  /** The whole document as an update. */
  readonly state: () => Uint8Array<ArrayBuffer>;
  /** Takes what was read from KV. */
  readonly apply: (updates: readonly Uint8Array<ArrayBuffer>[]) => void;
  /** What has to be done before anything is saved. Never rejects. */
  readonly ready: () => Promise<void>;
  /** Own edits are durable up to this number. */
  readonly saved: (number: number) => void;
  readonly failed: (error: unknown) => void;
}

interface Unsaved {
  /** `undefined`: many, for which the whole document stands. */
  readonly update: Uint8Array<ArrayBuffer> | undefined;
  /** The isolate that saves it, and its number there; `undefined`: this one. */
  readonly from: string | undefined;
  readonly number: number;
  /** Its place among all that came here; of many, that of the first. */
  readonly order: number;
}

/** Edits are gathered for this long; one commit takes them all. */
const GATHER_MS = 200;
/** How long another isolate may take to say that it has saved. */
const PATIENCE_MS = 2_000;
const RETRY_MS = 1_000;
/** Updates after which a snapshot takes their place. */
const MAX_SURPLUS = 200;
/** The same when the document is closed. */
const MAX_SURPLUS_CLOSED = 20;
/** Above this, edits that wait are let go of, and the whole document is saved: KV may be out of reach for hours. */
const MAX_UNSAVED = { edits: 1_000, bytes: 256 * 1024 };
/** Callbacks that somebody may have waiting; a connection has 6,000 frames in one go, and 100 in each second after. */
const MAX_WAITING = 10_000;

export class Persistence {
  readonly #parts: PersistenceParts;
  /** What is being saved, and what has come since; in the order in which they came. */
  #batch: readonly Unsaved[] = [];
  #fresh: Unsaved[] = [];
  /** Of those that have come since. */
  #bytes = 0;
  #number = 0;
  #order = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueAt = Infinity;
  #saving: Promise<void> | undefined;
  /** Reading and writing follow each other. */
  #turn: Promise<unknown> = Promise.resolve();
  /** A reading that hasn't begun. */
  #reading: Promise<void> | undefined;
  #isClosed = false;
  #waiting: { order: number; by: object; done: () => void }[] = [];
  /** How many of them everybody has. */
  readonly #counts = new Map<object, number>();
  #wake: () => void = () => {};

  constructor(parts: PersistenceParts) {
    this.#parts = parts;
  }

  /** How many edits were made here. */
  get number(): number {
    return this.#number;
  }

  /** Takes an edit that was made here. */
  own(update: Uint8Array<ArrayBuffer>): void {
    this.#add({ update, from: undefined, number: ++this.#number, order: ++this.#order });
  }

  /** Takes an edit that another isolate will save. */
  foreign(update: Uint8Array<ArrayBuffer>, from: string, number: number): void {
    this.#add({ update, from, number, order: ++this.#order });
  }

  /** Another isolate has saved its edits up to a number. */
  confirmed(from: string, number: number): void {
    const isUnsaved = (edit: Unsaved) => edit.from !== from || edit.number > number;
    this.#batch = this.#batch.filter(isUnsaved);
    this.#fresh = this.#fresh.filter(isUnsaved);
    this.#tell();
  }

  /**
   * Calls back once all edits that are here by now are durable: at once, when they are. Those of other isolates count
   * too: whoever asks may have made one there, and have brought it here again. Answers false when whoever asks has too
   * many callbacks waiting already.
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

  /** Calls nobody back who has left. */
  forget(by: object): void {
    if (!this.#counts.delete(by)) return;
    this.#waiting = this.#waiting.filter((waiting) => waiting.by !== by);
  }

  /** Saves now, and resolves when nothing is unsaved and nothing is being written. */
  async settle(): Promise<void> {
    while ((this.#fresh.length || this.#saving) && !this.#isClosed) await this.#saveNow();
  }

  /** Takes what others have written to KV. Throws when it can't be read. */
  read(): Promise<void> {
    return this.#reading ??= this.#inTurn(async () => {
      // From here on another reading may be asked for, which has to find what this one may miss.
      this.#reading = undefined;
      this.#parts.apply(await this.#parts.store.read());
    });
  }

  /** Leaves few updates behind for those who open the document next. */
  async tidy(): Promise<void> {
    if (this.#parts.store.surplus > MAX_SURPLUS_CLOSED) await this.#inTurn(() => this.#replace());
  }

  /** Ends it; what isn't saved by now is lost to this process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#wake();
    await this.#saving;
    await this.#turn.catch(() => {});
  }

  #add(edit: Unsaved): void {
    this.#fresh.push(edit);
    this.#bytes += edit.update?.length ?? 0;
    this.#thin();
    this.#dueAgain();
  }

  /** Lets the document stand for what has become too much. */
  #thin(): void {
    const { length: edits, 0: first } = this.#fresh;
    if (edits <= MAX_UNSAVED.edits && this.#bytes <= MAX_UNSAVED.bytes) return;
    this.#fresh = [{ update: undefined, from: undefined, number: this.#number, order: first.order }];
    this.#bytes = 0;
  }

  #dueAgain(): void {
    if (this.#fresh.length) this.#due(this.#fresh.some(({ from }) => !from) ? GATHER_MS : PATIENCE_MS);
  }

  #due(ms: number): void {
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
      this.#dueAgain();
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
      this.#thin();
      this.#parts.failed(error);
      return await this.#pause(RETRY_MS);
    }
    this.#batch = [];
    this.#parts.saved(number);
    this.#tell();
    if (this.#parts.store.surplus < MAX_SURPLUS) return;
    await this.#inTurn(() => this.#replace()).catch(this.#parts.failed);
  }

  /** The place of the first edit that isn't durable. */
  get #firstUnsaved(): number {
    return (this.#batch[0] ?? this.#fresh[0])?.order ?? Infinity;
  }

  /** Calls back those who waited for nothing that is unsaved. */
  #tell(): void {
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
    // Once it is closed it takes nothing any more: what was just read would be missing in what takes its place.
    if (this.#isClosed) throw new Error("Closed before it was replaced by a snapshot");
    return await store.replace(state());
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.catch(() => {}).then(act);
    this.#turn = turn;
    return turn;
  }

  /** Or until it is closed. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#isClosed) this.#wake();
    });
  }
}

/** Updates as one; `undefined` when the whole document stands for some. */
function merged(
  updates: readonly (Uint8Array<ArrayBuffer> | undefined)[],
): Uint8Array<ArrayBuffer> | undefined {
  const known = updates.filter((update) => update !== undefined);
  if (known.length < updates.length) return undefined;
  return known.length === 1 ? known[0] : Y.mergeUpdates(known) as Uint8Array<ArrayBuffer>;
}
