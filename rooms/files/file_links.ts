/** Stores which messages name which files, in the commits of the messages and of their deletion. */
import { ulid } from "ulid";
import type { JournalItem } from "../messages/journal.ts";
import { fileIdsInBody, idInBody, isEntryBody, roomInBody } from "../messages/message.ts";
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
    for (const { draft: { body } } of items) {
      const ids = fileIdsInBody(body);
      if (!ids.length) continue;
      if (isEntryBody(body)) this.#drop(commit, idInBody(body), ids);
      else addNamed(commit, { room: roomInBody(body), message: idInBody(body), ids });
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
