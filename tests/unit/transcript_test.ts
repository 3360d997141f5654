import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readXlsx } from "hucre/xlsx";
import { constants, gunzipSync, inflateRawSync } from "node:zlib";
import type { Message } from "../../rooms/protocol.ts";
import type { Order } from "../../rooms/reports/report.ts";
import { type Step, TooLargeError } from "../../rooms/reports/report_format.ts";
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
async function filesOf(
  slices: readonly (readonly Message[])[],
  order: Order = ORDER,
): Promise<{ xlsx: Uint8Array; csv: string; bytes: Uint8Array }> {
  const files: Record<string, number[]> = { xlsx: [], csv: [] };
  const keep = ({ state, pieces }: Step): unknown => {
    for (const { file, bytes } of pieces) files[file].push(...bytes);
    return state && JSON.parse(JSON.stringify(state));
  };
  let state = keep(new Transcript().begin(order));
  for (const slice of slices) state = keep(new Transcript().take(state, slice, order));
  keep(await new Transcript().end(state));
  const bytes = Uint8Array.from(gunzipSync(Uint8Array.from(files.csv)));
  return { xlsx: Uint8Array.from(files.xlsx), csv: new TextDecoder().decode(bytes), bytes };
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
  assertEquals(header, ["Time", "Room", "Name", "Message", "ID"]);
  assertEquals(rows.map((row) => row[3]), messages.map(({ message }) => message));
  assertEquals(rows[7], ["2026-03-01 09:00:00", "聊天室", "+ada", "message 7", "id7"]);
  assertEquals(parseCsv(csv).map((row) => row[4]), ["id", ...messages.map(({ id }) => id)]);
});

Deno.test("Transcript runs no formula that somebody said, in neither file", async () => {
  const formulas = ["=1+1", "+1", "-1", "@a", "\t=1", '"=cmd|calc"', "=HYPERLINK(1)"];
  const { xlsx, csv } = await filesOf([formulas.map(said)]);
  const { Messages: [, ...rows] } = await sheetsOf(xlsx);
  assertEquals(rows.map((row) => row[3]), formulas);
  // Text, of a type that no program calculates, but for the times.
  const xml = new TextDecoder().decode(await sheetXml(xlsx));
  assertEquals(xml.match(/<c /g)?.length, Number(xml.match(/t="inlineStr"/g)?.length) + formulas.length);
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

Deno.test("Transcript's times are dates that a spreadsheet calculates with", async () => {
  const odd = { ...said("b", 1), time: "some time" };
  const { xlsx } = await filesOf([[said("a", 0), odd]]);
  const { sheets: [{ rows }] } = await readXlsx(xlsx);
  assertEquals(rows[1][0], new Date("2026-03-01T09:00:00Z"));
  assertEquals(rows[2][0], "some time");
  const xml = new TextDecoder().decode(await sheetXml(xlsx));
  assertStringIncludes(xml, `<c r="A2" s="3"><v>${Date.UTC(2026, 2, 1, 9) / 86_400_000 + 25_569}</v></c>`);
});

Deno.test("Transcript that an earlier version began is ended with the styles that it has", () => {
  const begun = new Transcript().begin(ORDER);
  const { hasTimes: _, ...before } = Object(begun.state);
  const { pieces } = new Transcript().take(before, [said("a", 0)], ORDER);
  const [{ bytes }] = pieces.filter(({ file }) => file === "xlsx");
  const text = new TextDecoder().decode(inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }));
  assertStringIncludes(text, `<c r="A2" s="2" t="inlineStr">`);
  assert(!text.includes(`s="3"`));
});

Deno.test("Transcript's headings are in the reader's language, stay in view, and it prints landscape on one page's width", async () => {
  const { xlsx, csv } = await filesOf([[said("a", 0)]], { ...ORDER, language: "zh-Hant" });
  const { Messages: [header] } = await sheetsOf(xlsx);
  assertEquals(header, ["時間", "聊天室", "暱稱", "訊息", "編號"]);
  const xml = new TextDecoder().decode(await sheetXml(xlsx));
  for (
    const part of [
      'state="frozen"',
      'fitToPage="1"',
      'orientation="landscape" fitToWidth="1" fitToHeight="0"',
    ]
  ) {
    assertStringIncludes(xml, part);
  }
  // Programs read the columns of the other file by their names.
  assertEquals(parseCsv(csv)[0], HEADER);
});

Deno.test("Transcript in CSV begins with a byte order mark", async () => {
  assertEquals((await filesOf([[said("a", 0)]])).bytes.subarray(0, 4), Uint8Array.of(0xef, 0xbb, 0xbf, 0x74));
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
  const state = { ...Object(transcript.begin(ORDER).state), rows: 1_048_575 };
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
