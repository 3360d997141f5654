/** Who may do what with a document. */
import type { ListedDocument } from "./document_list.ts";

/** What is known of somebody who asks for a document. */
export interface Asker {
  readonly id: string;
  readonly role?: "user" | "admin" | "service" | undefined;
}

/** A deleted document can be brought back for this long. */
export const UNDO_MS = 24 * 60 * 60_000;

/** Whether somebody may delete a document, make it private, and say for whom: its maker, admins and the service. */
export function mayManage({ ownerId }: ListedDocument, { id, role }: Asker): boolean {
  return role === "admin" || role === "service" || (ownerId !== undefined && ownerId === id);
}

/** Whether somebody may know of a document that isn't deleted, and read it; who has an account may then edit it. */
export function mayRead(entry: ListedDocument, asker: Asker): boolean {
  return !entry.isPrivate || mayManage(entry, asker) || (entry.members ?? []).includes(asker.id);
}

/** Nobody, or not this one, may be at a document; its message goes to the client. */
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
