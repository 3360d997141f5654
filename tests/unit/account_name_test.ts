import { assertEquals } from "@std/assert";
import { accountName, foldName, isGuestName } from "../../rooms/access/account_name.ts";

Deno.test("foldName() makes one of names that differ in case, width or what nobody sees", () => {
  for (const name of ["Ada", "ADA", "Ａｄａ", "a\u200bda", "ada\u00ad", " ada "]) {
    assertEquals(foldName(name), "ada");
  }
  assertEquals(foldName("Straße"), foldName("STRASSE"));
  assertEquals(foldName("ﬁn"), foldName("FIN"));
  assertEquals(foldName("小安") === foldName("小柏"), false);
});

Deno.test("foldName() changes nothing in what it has folded, whatever character is in it", () => {
  const changed: string[] = [];
  for (let code = 0; code < 0x110000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const folded = foldName(`a${String.fromCodePoint(code)}b`);
    if (foldName(folded) !== folded) changed.push(code.toString(16));
  }
  assertEquals(changed, []);
  assertEquals(foldName("groß"), foldName("GROẞ"));
  assertEquals(foldName("Ada\u0000"), foldName("\u202eAda"));
});

Deno.test("accountName() refuses names that are empty to the eye, too long, or everybody's", () => {
  assertEquals(accountName("  Ada \t Lovelace"), "Ada Lovelace");
  for (
    const name of [
      "",
      " ",
      "\u200b",
      "\u00ad",
      "x".repeat(65),
      "ANONYMOUS",
      "Service",
      "匿名",
      "ＳＹＳＴＥＭ",
      "管理員",
    ]
  ) {
    assertEquals(accountName(name), undefined, JSON.stringify(name));
  }
});

Deno.test("isGuestName() lets nobody pose as the service or its admins, whatever signs, digits and spaces are put into a name", () => {
  for (
    const name of [
      "Admin",
      "admin 1",
      "[Admin]",
      "a.d.m.i.n",
      "system_2",
      "管理 員",
      "管理員。",
      "★官方★",
      "root 🔑",
    ]
  ) {
    assertEquals(isGuestName(name), false, name);
  }
  for (const name of ["Administrators' friend", "Rooted", "小安 2", "★", "2", "1-2", "管理學生"]) {
    assertEquals(isGuestName(name), true, name);
  }
});
