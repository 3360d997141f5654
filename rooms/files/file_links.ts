/** Stores which messages name which files, in the commits of the messages and of their deletion. */
import { ulid } from "ulid";
import type { JournalItem } from "../messages/journal.ts";
import type { CommitHook } from "../messages/message_log.ts";
import { addGone, addNamed } from "./file_records.ts";

/** Adds to commits which files their messages name, and which files have to be deleted. */
export class FileLinks implements CommitHook {
  #listener: () => void = () => {};
  #isRinging = false;

  /** Calls `listener` after commits after which files have to be deleted. */
  listen(listener: () => void): void {
    this.#listener = listener;
  }

  /** Adds to the commit of these messages and entries. */
  add(commit: Deno.AtomicOperation, items: readonly JournalItem[]): void {
    for (const { draft: { id, room, change, files } } of items) {
      if (!files.length) continue;
      if (change) this.#drop(commit, id, files);
      else addNamed(commit, { room, message: id, ids: files });
    }
  }

  /** To be called after the commit was made, or may have been. */
  committed(): void {
    if (!this.#isRinging) return;
    this.#isRinging = false;
    this.#listener();
  }

  /** Adds to a commit that deletes messages that their files have to be deleted. */
  drop(commit: Deno.AtomicOperation, ids: readonly string[]): void {
    if (ids.length) this.#drop(commit, ulid(), ids);
  }

  #drop(commit: Deno.AtomicOperation, by: string, ids: readonly string[]): void {
    addGone(commit, by, ids);
    this.#isRinging = true;
  }
}
