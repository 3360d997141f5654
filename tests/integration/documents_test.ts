/** Documents that several people edit at once: what each of them sees. */
import { assertEquals } from "@std/assert";
import { member } from "../support/cast.ts";
import { Editor, Typist, until } from "../support/editor.ts";
import { startService, temporaryDirectory } from "../support/service.ts";

Deno.test("Document brings the edits of the stock provider and of plain frames to each other", async () => {
  await using service = await startService();
  const [ada, bo] = [await member(service.url, "ada"), await member(service.url, "bo")];
  await using editor = await Editor.at(service.url, "minutes", ada);
  editor.text.insert(0, "會議記錄 😀");
  await using typist = await Typist.at(service.url, "minutes", bo);
  assertEquals(typist.content, "會議記錄 😀");
  typist.insert(4, "：");
  await until(() => editor.text.toString() === "會議記錄： 😀");
  editor.text.delete(0, 2);
  const edit = await typist.client.next("edit");
  assertEquals(edit, { type: "edit", user: "ada", action: "delete", position: 0, text: "會議" });
  typist.catchUp();
  assertEquals(typist.content, editor.text.toString());
});

Deno.test("Document keeps its text over a restart, and says when it is durable", async () => {
  await using directory = await temporaryDirectory();
  {
    await using service = await startService({}, directory.path);
    const ada = await member(service.url, "ada");
    await using typist = await Typist.at(service.url, "a", ada);
    typist.insert(0, "kept");
    await typist.saved();
  }
  await using service = await startService({}, directory.path);
  const bo = await member(service.url, "bo");
  await using editor = await Editor.at(service.url, "a", bo);
  assertEquals(editor.text.toString(), "kept");
});
