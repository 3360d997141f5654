/** Permissions: who may read and manage a document. */
import type { ListedDocument } from "./document_list.ts";

/** A user, or the service itself, who wants to open or manage a document. */
export interface Asker {
  /** The account's id. */
  readonly id: string;
  readonly role?: "user" | "admin" | "service" | undefined;
}

/** For this time a deleted document can be restored. */
export const UNDO_MS = 24 * 60 * 60_000;

/** Whether a user may delete a document, make it private, and choose its members: its maker, admins and the service. */
export function mayManage({ ownerId }: ListedDocument, { id, role }: Asker): boolean {
  return role === "admin" || role === "service" || (ownerId !== undefined && ownerId === id);
}

/** Whether a user may see a document that isn't deleted; with an account, they may also edit it. */
export function mayRead(document: ListedDocument, asker: Asker): boolean {
  return !document.isPrivate || mayManage(document, asker) || (document.members ?? []).includes(asker.id);
}

/** A document can't be opened or made by this user; the message goes to the client. */
export class DocumentRefusal extends Error {
  override readonly name = "DocumentRefusal";
  readonly code: "deleted" | "private" | "too_many_documents";

  constructor(code: DocumentRefusal["code"]) {
    super(REASONS[code]);
    this.code = code;
  }
}

const REASONS: Readonly<Record<DocumentRefusal["code"], string>> = {
  deleted: "This document was deleted",
  private: "This document is private",
  too_many_documents: "You have made too many documents; delete some, or try again later",
};
