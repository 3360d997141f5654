/** Removes deleted documents for good, with their versions, once they can't be restored any more. */
import { deletePrefix } from "../kv/delete_keys.ts";
import type { ListedDocument } from "./document_list.ts";
import { UNDO_MS } from "./document_access.ts";
import { deletedBefore, documentKey, indexKey } from "./document_index.ts";
import { contentPrefix } from "./document_store.ts";

/** An hour later than necessary, so that nobody restores a document that is being removed. */
const REMOVE_AFTER_MS = UNDO_MS + 60 * 60_000;

/**
 * Removes the documents that were deleted more than {@link REMOVE_AFTER_MS} ago; `now` in milliseconds since the epoch.
 * The document's record is deleted last, so that the next run finds what a crash leaves. Several processes may run it at
 * the same time.
 */
export async function removeForGood(kv: Deno.Kv, now: number): Promise<void> {
  for await (const deleted of deletedBefore(kv, now - REMOVE_AFTER_MS)) {
    const { id } = deleted;
    const entry = await kv.get<ListedDocument>(documentKey(id));
    const isDeleted = entry.value?.deletedAt === deleted.deletedAt;
    if (isDeleted) await deletePrefix(kv, contentPrefix(id));
    const commit = kv.atomic().check(entry).delete(indexKey(deleted));
    if (isDeleted) commit.delete(entry.key);
    await commit.commit();
  }
}
