import { assertEquals, assertRejects } from "@std/assert";
import { ulid } from "ulid";
import { FolderStorage } from "../../rooms/files/folder_storage.ts";
import { S3Storage } from "../../rooms/files/s3_storage.ts";
import { CONTRACT } from "../support/file_storage_contract.ts";
import { png, upload } from "../support/files.ts";
import { engineTest, startS3 } from "../support/servers.ts";
import { RawSocket } from "../support/raw_socket.ts";
import { startService, temporaryDirectory } from "../support/service.ts";

for (const [name, test] of Object.entries(CONTRACT)) {
  Deno.test(`FolderStorage ${name}`, async () => {
    await using directory = await temporaryDirectory();
    await test(new FolderStorage(`${directory.path}/files`));
  });
}

engineTest("S3Storage keeps the contract of storages, and says what S3 refuses", ["s3s-fs"], async () => {
  await using directory = await temporaryDirectory();
  await using s3 = await startS3(directory.path);
  for (const test of Object.values(CONTRACT)) await test(new S3Storage(s3.options));
  const wrong = new S3Storage({ ...s3.options, secretAccessKey: "not the secret" });
  await assertRejects(
    () => wrong.read(ulid(), { start: 0, end: 1 }),
    Error,
    "S3 answered 403 SignatureDoesNotMatch",
  );
  await using service = await startService({ s3: s3.options });
  const form = new FormData();
  form.set("file", new File([png(4, 3, 70_000)], "a.png"));
  const room = `${service.url}/api/rooms/lobby/files?username=ada`;
  const urls = [
    (await upload(service, "lobby", png(4, 3, 700_000), { query: "&username=ada" })).body.url,
    (await (await fetch(room, { method: "POST", body: form })).json()).url,
  ];
  const sizes = urls.map(async (url) => (await (await fetch(service.url + url)).bytes()).length);
  assertEquals(await Promise.all(sizes), [700_000, 70_000]);
});

engineTest("forms that never go on keep no other form from a bucket", ["s3s-fs"], async () => {
  await using directory = await temporaryDirectory();
  await using s3 = await startS3(directory.path);
  await using service = await startService({ s3: s3.options }, directory.path);
  const form = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n' +
    "x".repeat(300_000);
  const slow = await Promise.all(Array.from({ length: 5 }, async () => {
    const socket = await RawSocket.connect(service.url);
    await socket.write(
      "POST /api/rooms/lobby/files?username=bo HTTP/1.1\r\nhost: x\r\ncontent-length: 500000\r\n" +
        `content-type: multipart/form-data; boundary=b\r\n\r\n${form}`,
    );
    return socket;
  }));
  using kv = await Deno.openKv(`${directory.path}/talksheet.db`);
  const begun = () => Array.fromAsync(kv.list({ prefix: ["file_waiting"] }));
  while ((await begun()).length < slow.length) await new Promise((resolve) => setTimeout(resolve, 5));
  const content = png(4, 3, 70_000);
  // Some clients end a form with a line break, some don't.
  for (const end of ["", "\r\n"]) {
    const head = '--b\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\n\r\n';
    const response = await fetch(`${service.url}/api/rooms/lobby/files?username=ada`, {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=b" },
      body: new Blob([head, content, `\r\n--b--${end}`]),
      signal: AbortSignal.timeout(10_000),
    });
    const { url, size } = await response.json();
    assertEquals([response.status, size], [201, 70_000]);
    assertEquals(await (await fetch(service.url + url)).bytes(), content);
  }
  for (const socket of slow) socket[Symbol.dispose]();
});

Deno.test("S3Storage gives up a bucket that takes no more bytes, or doesn't answer", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of silent) connections.push(connection);
  })().catch(() => {});
  const options = { bucket: "b", region: "r", accessKeyId: "a", secretAccessKey: "s" };
  const storage = new S3Storage({ ...options, endpoint: `http://127.0.0.1:${silent.addr.port}` }, 200);
  const id = ulid();
  const endless = async function* () {
    for (let i = 0; i < 1_000; i++) yield new Uint8Array(64 * 1024);
  };
  await assertRejects(() => storage.write(id, endless(), 64_000 * 1024), Error, "S3 doesn't answer");
  await assertRejects(() => storage.read(id, { start: 0, end: 1 }), Error, "S3 doesn't answer");
  silent.close();
  await accepting;
  for (const connection of connections) connection.close();
});
