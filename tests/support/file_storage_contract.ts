/** What every storage of files promises. */
import { assertEquals, assertRejects } from "@std/assert";
import { ulid } from "ulid";
import { type FileStorage, MAX_PADDING } from "../../rooms/files/file_storage.ts";

const chunk = (byte: number, length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(byte);

/** More than all bytes of the files here. */
const ALL = { start: 0, end: 1_000_000 };

/** The tests, by their names. */
export const CONTRACT: Record<string, (storage: FileStorage) => Promise<void>> = {
  "gives back what it stored, whole or in part": async (storage) => {
    const id = ulid();
    await storage.write(id, chunks(chunk(1, 100_000), chunk(2, 50_000)), 150_000);
    assertEquals(await sumOf(storage, id), [150_000, 200_000]);
    assertEquals(await sumOf(storage, id, { start: 99_990, end: 100_005 }), [15, 20]);
    assertEquals(await sumOf(storage, id, { start: 149_999, end: 150_000 }), [1, 2]);
    // A form may turn out to be shorter.
    const shorter = ulid();
    await storage.write(shorter, chunks(chunk(3, 5)), 5 + MAX_PADDING);
    assertEquals(await sumOf(storage, shorter, { start: 0, end: 5 }), [5, 15]);
    const [whole, [other, bytes]] = await idsIn(storage);
    assertEquals([whole, other, bytes - 5 <= MAX_PADDING], [[id, 150_000], shorter, true]);
    await storage.remove(id);
    await storage.remove(id);
    assertEquals([await storage.read(id, ALL), await idsIn(storage)], [undefined, [[shorter, bytes]]]);
    await storage.remove(shorter);
  },
  "has nothing of a file that broke off": async (storage) => {
    const id = ulid();
    await assertRejects(
      () => storage.write(id, breaking(), 100_000),
      Error,
      "broke off",
    );
    assertEquals([await storage.read(id, ALL), await idsIn(storage)], [undefined, []]);
    await storage.remove(id);
  },
  "takes many files at once": async (storage) => {
    const ids = Array.from({ length: 30 }, () => ulid());
    await Promise.all(ids.map((id, i) => storage.write(id, chunks(chunk(i, 70_000)), 70_000)));
    const sums = await Promise.all(ids.map((id) => sumOf(storage, id)));
    assertEquals(sums, ids.map((_, i) => [70_000, 70_000 * i]));
    await Promise.all(ids.map((id) => storage.remove(id)));
    assertEquals(await idsIn(storage), []);
  },
};

async function* chunks(...all: Uint8Array<ArrayBuffer>[]): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield* all;
}

async function* breaking(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield chunk(1, 70_000);
  throw new Error("broke off");
}

/** The length of a file, and the sum of its bytes. */
async function sumOf(
  storage: FileStorage,
  id: string,
  range: { start: number; end: number } = ALL,
): Promise<[number, number]> {
  let [length, sum] = [0, 0];
  for await (const bytes of await storage.read(id, range) ?? []) {
    length += bytes.length;
    for (const byte of bytes) sum += byte;
  }
  return [length, sum];
}

async function idsIn(storage: FileStorage): Promise<[string, number][]> {
  const all = await Array.fromAsync(storage.list(), ({ id, bytes }): [string, number] => [id, bytes]);
  return all.sort(([a], [b]) => a < b ? -1 : 1);
}
