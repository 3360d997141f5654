/**
 * The commit stream delivers all commits of all processes, in their one order, each once.
 *
 * The outbox is the truth. A commit that is known to follow the last one is delivered as it arrives. When that isn't
 * known (another process rang, a post was lost), the commits that follow are read from the outbox. Those that have left
 * the outbox meanwhile are in the archive, and are read from there for the rooms that somebody is in.
 */
import type { Archive } from "./archive.ts";
import type { History } from "./history.ts";
import { type Line, lineOf, roomInBody, seqIn, seqOf } from "./message.ts";
import type { Outbox } from "./outbox.ts";

/** A message to deliver to its room. */
export interface CommittedMessage {
  readonly room: string;
  readonly line: Line;
}

/** One commit's messages, in order. */
export interface Commit {
  readonly versionstamp: string;
  readonly messages: readonly { readonly room: string; readonly body: string }[];
}

/** What the commit stream reads, and where it delivers. */
export interface CommitStreamParts {
  readonly outbox: Outbox;
  readonly archive: Archive;
  readonly history: History;
  /** Delivers messages, in order. */
  readonly deliver: (messages: readonly CommittedMessage[]) => void;
  /** Called when KV could not be read; the next ring tries again. */
  readonly failed: (error: unknown) => void;
}

/** Commits read at a time. */
const BATCHES_PER_READ = 100;

/** Follows the commits of all processes from where the archive ends. */
export class CommitStream {
  readonly #parts: CommitStreamParts;
  #cursor: string;
  #isRung = false;
  #isClosed = false;
  #reading: Promise<void> | undefined;

  /** Begins after what the archive has, which therefore has to be open. */
  constructor(parts: CommitStreamParts) {
    this.#parts = parts;
    this.#cursor = parts.archive.position;
  }

  /** All commits up to this versionstamp have been delivered. */
  get cursor(): string {
    return this.#cursor;
  }

  /** Delivers a commit that follows the one with the versionstamp `previous`, or reads what lies between. */
  push(previous: string, commit: Commit): void {
    if (commit.versionstamp <= this.#cursor) return;
    if (previous === this.#cursor) this.#deliver(commit);
    else this.ring();
  }

  /** Has the outbox read, because something was committed or may have been. */
  ring(): void {
    this.catchUp().catch(this.#parts.failed);
  }

  /**
   * Resolves when everything that is committed by now has been delivered.
   *
   * @throws {Error} when KV can't be read.
   */
  catchUp(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isRung = true;
    return this.#reading ??= this.#read().finally(() => this.#reading = undefined);
  }

  /** Ends it, and resolves when nothing is read any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reading?.catch(() => {});
  }

  async #read(): Promise<void> {
    while (this.#isRung && !this.#isClosed) {
      this.#isRung = false;
      while (await this.#readBatches());
    }
  }

  /** Delivers the next commits; answers whether there may be more. */
  async #readBatches(): Promise<boolean> {
    const { outbox } = this.#parts;
    const from = this.#cursor;
    const commits: Commit[] = [];
    for await (const { versionstamp, bodies } of outbox.after(from, BATCHES_PER_READ)) {
      commits.push({ versionstamp, messages: bodies.map((body) => ({ room: roomInBody(body), body })) });
    }
    // Only now: every batch that was missing above was removed before, and so is at or before this versionstamp.
    if (await outbox.removedUpTo() > this.#cursor) {
      await this.#readArchive();
      return true;
    }
    for (const commit of commits) {
      if (commit.versionstamp > this.#cursor) this.#deliver(commit);
    }
    return commits.length === BATCHES_PER_READ;
  }

  #deliver({ versionstamp, messages }: Commit): void {
    const { history, deliver } = this.#parts;
    const fresh: CommittedMessage[] = [];
    for (const [i, { room, body }] of messages.entries()) {
      const line = history.append(room, lineOf(seqOf(versionstamp, i), body));
      if (line) fresh.push({ room, line });
    }
    this.#cursor = versionstamp;
    deliver(fresh);
  }

  /** Delivers from the archive what the outbox doesn't have any more. */
  async #readArchive(): Promise<void> {
    const { archive, history } = this.#parts;
    await archive.open();
    const { position } = archive;
    const from = this.#cursor;
    history.forget();
    for (const room of history.held()) {
      // Its messages may have been changed by entries whose words are in no entry any more.
      await history.reread(room);
      const entries = await archive.entries.behind(room, from && `${from}~`, "");
      for await (const lines of archive.behind(room, from && `${from}~`)) {
        const upTo = entries.findIndex((entry) => entry > lines[lines.length - 1]);
        const between = entries.splice(0, upTo < 0 ? entries.length : upTo);
        this.#deliverArchived(room, [...lines, ...between].sort(), position);
      }
      this.#deliverArchived(room, entries, position);
    }
    if (position > this.#cursor) this.#cursor = position;
  }
  #deliverArchived(room: string, lines: readonly Line[], position: string): void {
    const { history, deliver } = this.#parts;
    const due = lines.filter((line) => seqIn(line) < `${position}~`);
    const fresh = due.map((line) => history.append(room, line)).filter((line) => line !== undefined);
    deliver(fresh.map((line) => ({ room, line })));
  }
}
