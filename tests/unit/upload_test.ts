import { assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { FileRefusal } from "../../rooms/files/file_refusal.ts";
import { GRACE_MS, LEAST_BYTES_PER_SECOND, Upload } from "../../rooms/files/upload.ts";

const SIZE = 1_000_000;
type Bytes = Uint8Array<ArrayBuffer>;

/** An upload of which `bytes` come every `everyMs`, and how many bytes were taken when it ended. */
async function takenOf(bytes: number, everyMs: number): Promise<number> {
  using time = new FakeTime();
  const body = async function* (): AsyncGenerator<Bytes> {
    for (let sent = 0; sent < SIZE; sent += bytes) {
      await new Promise((resolve) => setTimeout(resolve, everyMs));
      yield new Uint8Array(Math.min(bytes, SIZE - sent));
    }
  };
  const upload = new Upload(body(), { size: SIZE, isExact: true, elapsed: () => time.now });
  let isOver = false;
  const taking = Array.fromAsync(upload.chunks(), () => 0).then(() => {}, (error) => {
    if (!(error instanceof FileRefusal)) throw error;
    assertEquals([error.code, error.message], ["incomplete_body", "The file came too slowly: send it again"]);
  }).finally(() => isOver = true);
  const began = time.now;
  while (!isOver) await time.tickAsync(1_000);
  await taking;
  upload.end();
  assertEquals(time.now - began < 3_600_000, true);
  return upload.received;
}

Deno.test("Upload gives up what comes too slowly, and takes a file from a slow line", async () => {
  assertEquals(await takenOf(100_000, 2 * GRACE_MS), 0);
  // One byte now and then.
  assertEquals(await takenOf(1, GRACE_MS / 2.5), 2);
  assertEquals(await takenOf(LEAST_BYTES_PER_SECOND * 2, 1_000), SIZE);
  // A pause, such as of a train in a tunnel.
  assertEquals(await takenOf(SIZE / 4, GRACE_MS - 1_000), SIZE);
});

Deno.test("Upload doesn't count the time that the storage takes", async () => {
  using time = new FakeTime();
  const body = async function* (): AsyncGenerator<Bytes> {
    yield* [new Uint8Array(10), new Uint8Array(10)];
  };
  const upload = new Upload(body(), { size: 20, isExact: true, elapsed: () => time.now });
  let taken = 0;
  for await (const { length } of upload.chunks()) {
    taken += length;
    await time.tickAsync(10 * GRACE_MS);
  }
  assertEquals(taken, 20);
  upload.end();
});
