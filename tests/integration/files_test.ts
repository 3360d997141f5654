import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { backend, member } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { bytes, png, upload } from "../support/files.ts";
import { readHistory, startService } from "../support/service.ts";
import type { Visitor } from "../support/visitor.ts";

const SHA = async (data: Uint8Array<ArrayBuffer>): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();

Deno.test("a picture is uploaded, said, shown, written as a row, listed, and deleted with its message", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using socket = await ada.enter("lobby", "?batch=1");
  await using bo = await Client.enter(service.url, "lobby", "?username=bo");
  const content = png(400, 300, 300_000);
  const { status, body: file } = await upload(service, "lobby", content, { name: "../白板.png", as: ada });
  assertEquals([status, file.name, file.type, file.size, file.width, file.height], [
    201,
    "白板.png",
    "image/png",
    300_000,
    400,
    300,
  ]);
  // Nobody else sees it before it is said.
  const unsaid = await fetch(service.url + file.url);
  assertEquals([unsaid.status, (await unsaid.json()).code], [404, "not_found"]);
  assertEquals((await ada.ask("GET", file.url, undefined, { range: "bytes=0-9" })).status, 206);

  const say = {
    type: "chat_message",
    message: "",
    files: [{ id: file.id, alt: "the board" }],
    client_id: "1",
  };
  socket.send(say);
  const { id } = await socket.next("ack");
  const said = await bo.next("chat_message");
  assertEquals([said.id, said.message, said.files], [id, "", [{ ...file, alt: "the board" }]]);
  // The same once more is the same message; another message can't have the same file.
  socket.send(say);
  assertEquals((await socket.next("ack")).id, id);
  socket.send({ ...say, client_id: "2" });
  assertEquals((await socket.next("error")).code, "file_refused");

  const shown = await fetch(service.url + file.url);
  assertEquals(await SHA(await shown.bytes()), await SHA(content));
  const headers = ["content-type", "content-length", "x-content-type-options"].map((name) =>
    shown.headers.get(name)
  );
  assertEquals(headers, ["image/png", "300000", "nosniff"]);
  assertMatch(shown.headers.get("content-security-policy") ?? "", /^sandbox/);
  assertMatch(
    shown.headers.get("content-disposition") ?? "",
    /^inline; filename="__.png"; filename\*=UTF-8''%E7%99/,
  );
  const again = await fetch(service.url + file.url, {
    headers: { "if-none-match": shown.headers.get("etag") ?? "" },
  });
  assertEquals([again.status, await again.text()], [304, ""]);
  const part = await fetch(`${service.url}${file.url}?download=1`, { headers: { range: "bytes=-3" } });
  assertEquals([part.status, part.headers.get("content-range"), (await part.bytes()).length], [
    206,
    "bytes 299997-299999/300000",
    3,
  ]);
  assertMatch(part.headers.get("content-disposition") ?? "", /^attachment/);
  const beyond = await fetch(service.url + file.url, { headers: { range: "bytes=300000-" } });
  assertEquals([beyond.status, await beyond.text()], [416, ""]);

  await bo.next("recorded", ({ ids }) => ids.includes(id));
  const row = (await service.rows()).find((cells) => cells.includes(id));
  assertEquals(row?.[3], `白板.png ${file.url}`);
  const listed = (await ada.ask("GET", "/api/rooms/lobby/files")).body;
  assertEquals([
    listed.more,
    listed.files.map((one: { id: string; message: string }) => [one.id, one.message]),
  ], [
    false,
    [[file.id, id]],
  ]);
  assertEquals((await backend(service.url).ask("GET", "/api/files/check")).body, {
    files: 1,
    bytes: 300_000,
    stray: [],
    lost: [],
    damaged: [],
  });

  socket.send({ type: "delete_message", id, client_id: "3" });
  await socket.next("ack");
  await service.sweep();
  assertEquals((await ada.ask("GET", file.url)).status, 404);
  assertEquals((await ada.ask("GET", "/api/rooms/lobby/files")).body.files, []);
  assertEquals((await backend(service.url).ask("GET", "/api/files/check")).body.files, 0);
  const [deleted] = await readHistory(service.url, "lobby");
  assertEquals([deleted.id, deleted.deleted, deleted.files], [id, true, undefined]);
});

Deno.test("a form uploads a file in its last field, under the name that a browser or curl gives it", async () => {
  await using service = await startService();
  const form = new FormData();
  form.set("note", "x");
  form.set("file", new File([png(4, 3, 70_000)], '說 "一".png'));
  const response = await fetch(`${service.url}/api/rooms/lobby/files?username=ada`, {
    method: "POST",
    body: form,
  });
  const file = await response.json();
  assertEquals([response.status, file.name, file.size], [201, "說 _一_.png", 70_000]);
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  ada.send({ type: "chat_message", message: "look", files: [file.id] });
  assertEquals((await ada.next("chat_message")).files[0].id, file.id);
  assertEquals((await (await fetch(service.url + file.url)).bytes()).length, 70_000);

  const wrong = new FormData();
  wrong.set("file", new File([png()], "a.png"));
  wrong.set("behind", "it");
  const refused = await fetch(`${service.url}/api/rooms/lobby/files`, { method: "POST", body: wrong });
  assertEquals([refused.status, (await refused.json()).code], [400, "incomplete_body"]);
});

Deno.test("files of a private room are for its members, also by their address", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  await ada.ask("POST", "/api/rooms", { room: "team", private: true });
  assertEquals((await upload(service, "team", png(), { as: bo })).status, 403);
  const { body: file } = await upload(service, "team", png(), { as: ada });
  await using socket = await ada.enter("team");
  socket.send({ type: "chat_message", message: "plan", files: [file.id], client_id: "1" });
  await socket.next("ack");
  assertEquals((await ada.ask("GET", file.url)).status, 200);
  assertEquals((await bo.ask("GET", file.url)).status, 403);
  assertEquals((await bo.ask("GET", "/api/rooms/team/files")).status, 403);
  const guest = await fetch(service.url + file.url);
  assertEquals([guest.status, (await guest.json()).code], [401, "not_signed_in"]);
  // Nor can a message elsewhere, or of somebody else, name it.
  const { body: other } = await upload(service, "team", png(), { as: ada });
  await using elsewhere = await ada.enter("lobby");
  elsewhere.send({ type: "chat_message", message: "plan", files: [other.id] });
  assertEquals((await elsewhere.next("error")).code, "file_refused");
  const { body: hers } = await upload(service, "lobby", png(), { as: ada });
  await using thief = await bo.enter("lobby");
  thief.send({ type: "chat_message", message: "mine", files: [hers.id], client_id: "1" });
  assertEquals((await thief.next("error")).code, "file_refused");
});

Deno.test("files go when what their sender said is erased", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  await using socket = await ada.enter("lobby", "?batch=1");
  const { body: file } = await upload(service, "lobby", png(), { as: ada });
  socket.send({ type: "chat_message", message: "hi", files: [file.id], client_id: "1" });
  await socket.next("ack");
  const exported = (await backend(service.url).ask("GET", "/api/people/ada/messages")).body;
  assertEquals(exported.files[0].url, file.url);
  assertEquals((await backend(service.url).ask("DELETE", "/api/people/ada/messages")).body, { erased: 1 });
  await service.sweep();
  assertEquals((await ada.ask("GET", file.url)).status, 404);
  assertEquals((await backend(service.url).ask("GET", "/api/files/check")).body.files, 0);
  assertNotEquals((await readHistory(service.url, "lobby"))[0].username, "ada");
});

Deno.test("who can't say a file in the room can't upload it either, and is told why", async () => {
  await using service = await startService();
  const [ada, bo] = await Promise.all(["ada", "bo"].map((name) => member(service.url, name)));
  await using host = await ada.enter("class", "?events=1");
  await using pupil = await bo.enter("class", "?events=1");
  await ada.ask("PATCH", "/api/rooms/class", { approval: true });
  const outcome = async (as: Visitor): Promise<[number, string | undefined]> => {
    const { status, body } = await upload(service, "class", png(), { as });
    return [status, body.code];
  };
  assertEquals([await outcome(ada), await outcome(bo)], [[201, undefined], [409, "file_refused"]]);
  await ada.ask("PATCH", "/api/rooms/class", { approval: false });
  const { person } = pupil.all("welcome")[0];
  await ada.ask("POST", `/api/rooms/class/members/${person}/mute`, { minutes: 1 });
  assertEquals(await outcome(bo), [403, "muted"]);
  await ada.ask("DELETE", `/api/rooms/class/members/${person}/mute`);
  // Nor does a blocked word come in as the name of a file, or as the text of a picture.
  await ada.ask("PATCH", "/api/rooms/class", { blocked_words: ["lottery"] });
  const named = await upload(service, "class", png(), { as: bo, name: "Lottery.png" });
  assertEquals([named.status, named.body.code], [403, "blocked_word"]);
  const { status, body: file } = await upload(service, "class", png(), { as: bo });
  assertEquals(status, 201);
  pupil.send({
    type: "chat_message",
    message: "",
    files: [{ id: file.id, alt: "a LOTTERY" }],
    client_id: "1",
  });
  assertEquals((await pupil.next("error")).code, "blocked_word");
  assertEquals(host.all("error"), []);
});

Deno.test("limits are told in a sentence before anything is stored", async () => {
  await using service = await startService({
    maxFileBytes: 200_000,
    filesPerDayBytes: 400_000,
    filesTotalBytes: 500_000,
    fileTypes: ["image"],
  });
  const send = async (
    file: Uint8Array<ArrayBuffer> | string,
    username: string,
  ): Promise<[number, string, string]> => {
    const { status, body } = await upload(service, "lobby", file, { query: `&username=${username}` });
    return [status, body.code, body.error];
  };
  assertEquals(await send(png(1, 1, 200_001), "ada"), [413, "too_large", "A file has at most 0.2 MB"]);
  assertEquals(await send("", "ada"), [400, "empty", "The file is empty"]);
  assertEquals(await send(bytes("%PDF-1.7"), "ada"), [
    415,
    "type_refused",
    "Files of this kind can't be sent here",
  ]);
  const [huge] = await send(png(40_000, 40_000), "ada");
  assertEquals(huge, 415);
  const cookies = [await member(service.url, "ada"), await member(service.url, "bo")];
  const big = png(1, 1, 190_000);
  for (let i = 0; i < 2; i++) {
    assertEquals((await upload(service, "lobby", big, { as: cookies[0] })).status, 201);
  }
  const over = await upload(service, "lobby", big, { as: cookies[0] });
  assertEquals([over.status, over.body.code], [429, "rate_limited"]);
  const full = await upload(service, "lobby", big, { as: cookies[1] });
  assertEquals([full.status, full.body.code], [507, "storage_full"]);
  // A small file counts as 64 KiB.
  assertEquals((await upload(service, "lobby", png(), { as: cookies[1] })).status, 201);
  const wrongs = (await backend(service.url).ask("GET", "/api/files/check")).body;
  assertEquals([wrongs.files, wrongs.stray, wrongs.lost], [3, [], []]);
});

Deno.test("rows have whole addresses of files where PUBLIC_URL says which, also in a column of their own", async () => {
  await using service = await startService({
    publicUrl: "https://chat.example.com",
    basePath: "/talk",
    sheetColumns: ["message", "files", "id"],
  });
  await using ada = await Client.enter(`${service.url}/talk`, "lobby", "?username=ada");
  const { body: file } = await upload({ url: `${service.url}/talk` }, "lobby", png(), {
    query: "&username=ada",
  });
  ada.send({ type: "chat_message", message: "look", files: [file.id], client_id: "1" });
  const { id } = await ada.next("ack");
  await ada.next("recorded", ({ ids }) => ids.includes(id));
  const line = `picture.png https://chat.example.com/talk/files/${file.id}/picture.png`;
  assertEquals((await service.rows()).at(-1), [`look\n${line}`, line, id]);
});

Deno.test("a whole class behind one address sends at once", async () => {
  await using service = await startService();
  const sending = Array.from(
    { length: 60 },
    (_, i) => upload(service, "lobby", png(), { query: `&username=u${i}` }),
  );
  assertEquals(new Set((await Promise.all(sending)).map(({ status }) => status)), new Set([201]));
});
