import { assert, assertEquals, assertThrows } from "@std/assert";
import { gunzipSync } from "node:zlib";
import type { Message } from "../../rooms/message.ts";
import { type Step, TooLargeError } from "../../rooms/reports/maker.ts";
import { Transcript } from "../../sheets/reports/transcript.ts";
import { parseCsv } from "../support/service.ts";
import { sheetsOf } from "../support/workbook.ts";

const ORDER = { type: "transcript", room: "lobby", from: undefined, to: 0, language: "en" } as const;
const HEADER = ["time", "room", "username", "message", "id"];

function said(message: string, i: number): Message {
  const username = "+ada";
  const time = "2026-03-01 09:00:00";
  return { id: `id${i}`, seq: "", room: "聊天室", user: username, username, message, time, timestamp: "" };
}

/** The files of a transcript whose every slice is made by another process. */
async function filesOf(slices: readonly (readonly Message[])[]): Promise<{ xlsx: Uint8Array; csv: string }> {
  const files: Record<string, number[]> = { xlsx: [], csv: [] };
  const keep = ({ state, pieces }: Step): unknown => {
    for (const { file, bytes } of pieces) files[file].push(...bytes);
    return state && JSON.parse(JSON.stringify(state));
  };
  let state = keep(new Transcript().begin());
  for (const slice of slices) state = keep(new Transcript().take(state, slice, ORDER));
  keep(await new Transcript().end(state));
  return {
    xlsx: Uint8Array.from(files.xlsx),
    csv: new TextDecoder().decode(gunzipSync(Uint8Array.from(files.csv))),
  };
}

Deno.test("Transcript has every message once and in order, though another process makes each slice", async () => {
  const messages = Array.from({ length: 500 }, (_, i) => said(`message ${i}`, i));
  const { xlsx, csv } = await filesOf([
    messages.slice(0, 1),
    [],
    messages.slice(1, 400),
    messages.slice(400),
  ]);
  const { Messages: [header, ...rows] } = await sheetsOf(xlsx);
  assertEquals(header, HEADER);
  assertEquals(rows.map((row) => row[3]), messages.map(({ message }) => message));
  assertEquals(rows[7], ["2026-03-01 09:00:00", "聊天室", "+ada", "message 7", "id7"]);
  assertEquals(parseCsv(csv).map((row) => row[4]), ["id", ...messages.map(({ id }) => id)]);
});

Deno.test("Transcript runs no formula that somebody said, in neither file", async () => {
  const formulas = ["=1+1", "+1", "-1", "@a", "\t=1", '"=cmd|calc"', "=HYPERLINK(1)"];
  const { xlsx, csv } = await filesOf([formulas.map(said)]);
  const { Messages: [, ...rows] } = await sheetsOf(xlsx);
  assertEquals(rows.map((row) => row[3]), formulas);
  // Text, of a type that no program calculates.
  const xml = new TextDecoder().decode(await sheetXml(xlsx));
  assertEquals(xml.match(/<c /g)?.length, xml.match(/t="inlineStr"/g)?.length);
  assert(!xml.includes("<f>"));
  for (const row of parseCsv(csv).slice(1)) {
    assert(row[3].startsWith("'") && row[2].startsWith("'"), row[3]);
  }
});

Deno.test("Transcript keeps every character that a sheet can hold, and stays well-formed with all others", async () => {
  const texts = [
    `<b>&amp;"'`,
    "two\nlines",
    "小安 👍🏽",
    "\ud800",
    " spaces ",
    "\u0000\u0001\u001f\ufffe",
    "_x0041_",
    "]]>",
  ];
  const { xlsx } = await filesOf([texts.map(said)]);
  const { Messages: [, ...rows] } = await sheetsOf(xlsx);
  assertEquals(rows.slice(0, 3).map((row) => row[3]), texts.slice(0, 3));
  assertEquals(rows[3][3], "\ufffd");
  assertEquals(rows[7][3], "]]>");
  const xml = new TextDecoder().decode(await sheetXml(xlsx));
  // How a spreadsheet writes controls, and what would be taken for one.
  assert(xml.includes("_x0000__x0001__x001F__xFFFE_") && xml.includes("_x005F_x0041_"));
  assert(xml.includes('<t xml:space="preserve"> spaces </t>'));
});

Deno.test("Transcript goes on in the next column where a message is longer than a cell", async () => {
  const text = `${"x".repeat(32_766)}👍${"y".repeat(10)}`;
  const { xlsx, csv } = await filesOf([[said(text, 0)]]);
  const [, row] = (await sheetsOf(xlsx)).Messages;
  assertEquals([row[3].length, row[5]], [32_766, `👍${"y".repeat(10)}`]);
  assertEquals(parseCsv(csv)[1][3], text);
});

Deno.test("Transcript says of a deleted message that it was", async () => {
  const { csv } = await filesOf([[said("", 0)]]);
  assertEquals(parseCsv(csv)[1][3], "(message deleted)");
});

Deno.test("Transcript refuses more rows than a sheet has", () => {
  const transcript = new Transcript();
  const state = { ...Object(transcript.begin().state), rows: 1_048_575 };
  transcript.take(state, [said("fits", 0)], ORDER);
  assertThrows(() => transcript.take(state, ["one", "too many"].map(said), ORDER), TooLargeError);
});

/** The sheet as it stands in the archive. */
async function sheetXml(xlsx: Uint8Array): Promise<Uint8Array> {
  const name = "xl/worksheets/sheet1.xml";
  const text = new TextDecoder("latin1").decode(xlsx);
  const start = text.indexOf(name) + name.length;
  const end = text.indexOf("PK\x07\x08", start);
  const packed = new Blob([xlsx.slice(start, end)]).stream();
  return await new Response(packed.pipeThrough(new DecompressionStream("deflate-raw"))).bytes();
}
