/** What becomes of deleted documents: a day later they are gone, with all that they were. */
import type { ListedDocument } from "./document_list.ts";
import { UNDO_MS } from "./document_access.ts";
import { indexKey } from "./document_index.ts";

/** So that nobody brings one back that is just going. */
const AFTER_MS = UNDO_MS + 60 * 60_000;
/** Mutations in one commit, which may have 1,000. */
const DELETIONS = 500;

/**
 * Takes out the documents whose day is over. The entry goes last: what a crash leaves is found by the next sweep. It
 * may run in several processes at once.
 */
export async function removeForGood(kv: Deno.Kv, now: number): Promise<void> {
  const end = ["document_deleted", now - AFTER_MS];
  for await (const { value } of kv.list<ListedDocument>({ start: ["document_deleted"], end })) {
    const { id } = value;
    const entry = await kv.get<ListedDocument>(["document", id]);
    const isDeleted = entry.value?.deletedAt === value.deletedAt;
    if (isDeleted) await removeBelow(kv, ["doc", id]);
    const commit = kv.atomic().check(entry).delete(indexKey(value));
    if (isDeleted) commit.delete(entry.key);
    await commit.commit();
  }
}

async function removeBelow(kv: Deno.Kv, prefix: Deno.KvKey): Promise<void> {
  let commit = kv.atomic();
  let count = 0;
  for await (const { key } of kv.list({ prefix }, { batchSize: 10 })) {
    commit.delete(key);
    if (++count % DELETIONS) continue;
    await commit.commit();
    commit = kv.atomic();
  }
  if (count % DELETIONS) await commit.commit();
}
