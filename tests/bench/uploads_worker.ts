/** Uploads files from a thread of its own, so that what it costs isn't counted as waiting of somebody who talks. */
/// <reference lib="deno.worker" />
import { png } from "../support/files.ts";

/** What to upload, and where. */
export interface Uploads {
  /** Of the service. */
  readonly url: string;
  readonly count: number;
  readonly atOnce: number;
  /** Whether each file comes in a form, as from curl, instead of being the body, as from pages. */
  readonly isForm?: boolean;
}

/** The size of each file. */
export const FILE_BYTES = 10_000_000;

async function upload({ url, count, atOnce, isForm }: Uploads): Promise<number> {
  const body = isForm ? new FormData() : png(4, 3, FILE_BYTES);
  if (body instanceof FormData) body.set("file", new File([png(4, 3, FILE_BYTES)], "a.png"));
  const began = performance.now();
  let next = 0;
  const send = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      const path = `${url}/api/rooms/files/files?name=a.png&username=u${i}`;
      const response = await fetch(path, { method: "POST", body });
      if (response.status !== 201) throw new Error(`An upload failed: ${await response.text()}`);
      await response.body?.cancel();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, send));
  return performance.now() - began;
}

if (typeof WorkerGlobalScope !== "undefined") {
  self.onmessage = async ({ data }: MessageEvent<Uploads>) => self.postMessage(await upload(data));
}
