import { assertEquals } from "@std/assert";
import * as Y from "yjs";
import { replaceText } from "../../rooms/documents/yjs/replace_text.ts";

/** The edit by which one text becomes another. */
function editOf(before: string, after: string): Y.YTextEvent["delta"] {
  const doc = new Y.Doc();
  const text = doc.getText("content");
  text.insert(0, before);
  let delta: Y.YTextEvent["delta"] = [];
  text.observe((event) => delta = event.delta);
  doc.transact(() => replaceText(text, after));
  assertEquals(text.toString(), after);
  doc.destroy();
  return delta;
}

Deno.test("replaceText() changes only what differs, so that cursors before and after it stay", () => {
  assertEquals(editOf("one two three", "one 2 three"), [{ retain: 4 }, { delete: 3 }, { insert: "2" }]);
  assertEquals(editOf("aa", "aaa"), [{ retain: 2 }, { insert: "a" }]);
  assertEquals(editOf("", "new"), [{ insert: "new" }]);
  assertEquals(editOf("old", ""), [{ delete: 3 }]);
});

Deno.test("replaceText() replaces whole characters, also where two share a half", () => {
  // U+1F600 and U+1F601 share their first code unit, U+1F600 and U+1FA00 their second one.
  assertEquals(editOf("a\u{1f600}b", "a\u{1f601}b"), [{ retain: 1 }, { delete: 2 }, { insert: "\u{1f601}" }]);
  assertEquals(editOf("a\u{1f600}b", "a\u{1fa00}b"), [{ retain: 1 }, { delete: 2 }, { insert: "\u{1fa00}" }]);
});
