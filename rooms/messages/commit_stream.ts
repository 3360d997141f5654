/**
 * The tail: all commits of all processes, in their one order, each once.
 *
 * The outbox is the truth. A commit that is known to follow the last one is passed on as it comes; whenever that isn't
 * known (another process rang, a post was lost), what follows is read from the outbox. What has left the outbox
 * meanwhile stands in the archive, and is read from there for the rooms that somebody is in.
 */
import type { Archive } from "./archive.ts";
import type { History } from "./history.ts";
import { type Line, lineOf, roomInBody, seqIn, seqOf } from "./message.ts";
import type { Outbox } from "./outbox.ts";

/** A message that is being passed on. */
export interface CommittedMessage {
  readonly room: string;
  readonly line: Line;
}

/** One commit's messages, in order. */
export interface Commit {
  readonly versionstamp: string;
  readonly messages: readonly { readonly room: string; readonly body: string }[];
}

export interface CommitStreamParts {
  readonly outbox: Outbox;
  readonly archive: Archive;
  readonly history: History;
  /** Takes messages, in order. */
  readonly deliver: (messages: readonly CommittedMessage[]) => void;
  /** Called when KV could not be read; the next ring tries again. */
  readonly failed: (error: unknown) => void;
}

/** Commits read at a time. */
const STRETCH = 100;

export class CommitStream {
  readonly #parts: CommitStreamParts;
  #cursor: string;
  #isRung = false;
  #isClosed = false;
  #reading: Promise<void> | undefined;

  /** Begins behind what the archive has, which therefore has to be open. */
  constructor(parts: CommitStreamParts) {
    this.#parts = parts;
    this.#cursor = parts.archive.position;
  }

  /** All commits up to this versionstamp have been passed on. */
  get cursor(): string {
    return this.#cursor;
  }

  /** A commit of which it is known that it follows the one at `previous`. */
  push(previous: string, commit: Commit): void {
    if (commit.versionstamp <= this.#cursor) return;
    if (previous === this.#cursor) this.#pass(commit);
    else this.ring();
  }

  /** Something was committed, or may have been. */
  ring(): void {
    this.catchUp().catch(this.#parts.failed);
  }

  /** Resolves when all that is committed by now has been passed on. Throws when KV can't be read. */
  catchUp(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isRung = true;
    return this.#reading ??= this.#read().finally(() => this.#reading = undefined);
  }

  /** Reads no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reading?.catch(() => {});
  }

  async #read(): Promise<void> {
    while (this.#isRung && !this.#isClosed) {
      this.#isRung = false;
      while (await this.#readStretch());
    }
  }

  /** Answers whether there may be more. */
  async #readStretch(): Promise<boolean> {
    const { outbox } = this.#parts;
    const from = this.#cursor;
    const commits: Commit[] = [];
    for await (const { versionstamp, bodies } of outbox.after(from, STRETCH)) {
      commits.push({ versionstamp, messages: bodies.map((body) => ({ room: roomInBody(body), body })) });
    }
    // Asked after the reading: what was taken out before it lies at or before this, and what was not was read.
    if (await outbox.removedUpTo() > this.#cursor) {
      await this.#readArchive();
      return true;
    }
    for (const commit of commits) {
      if (commit.versionstamp > this.#cursor) this.#pass(commit);
    }
    return commits.length === STRETCH;
  }

  #pass({ versionstamp, messages }: Commit): void {
    const { history, deliver } = this.#parts;
    const fresh: CommittedMessage[] = [];
    for (const [place, { room, body }] of messages.entries()) {
      const line = lineOf(seqOf(versionstamp, place), body);
      if (history.append(room, line)) fresh.push({ room, line });
    }
    this.#cursor = versionstamp;
    deliver(fresh);
  }

  /** Passes on what the archive has by now. */
  async #readArchive(): Promise<void> {
    const { archive, history, deliver } = this.#parts;
    await archive.open();
    const { position } = archive;
    const from = this.#cursor;
    history.forget();
    for (const room of history.held()) {
      for await (const lines of archive.behind(room, from && `${from}~`)) {
        const due = lines.filter((line) => seqIn(line) < `${position}~`);
        deliver(due.filter((line) => history.append(room, line)).map((line) => ({ room, line })));
      }
    }
    if (position > this.#cursor) this.#cursor = position;
  }
}
