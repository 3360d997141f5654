/** Which messages name which files: noted in the commits of the messages, and of their deletion. */
import { ulid } from "ulid";
import type { JournalItem } from "../messages/journal.ts";
import { fileIdsInBody, idInBody, isEntryBody, roomInBody } from "../messages/message.ts";
import type { CommitHook } from "../messages/message_log.ts";
import { addGone, addNamed } from "./file_records.ts";

/** Adds to commits which files their messages name, and which have to go. */
export class FileLinks implements CommitHook {
  #listener: () => void = () => {};
  #isRinging = false;

  /** Calls `listener` after commits by which files have to go. */
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

  /** Adds to a commit that takes messages away that their files go, too. */
  drop(commit: Deno.AtomicOperation, ids: readonly string[]): void {
    if (ids.length) this.#drop(commit, ulid(), ids);
  }

  #drop(commit: Deno.AtomicOperation, by: string, ids: readonly string[]): void {
    addGone(commit, by, ids);
    this.#isRinging = true;
  }
}
