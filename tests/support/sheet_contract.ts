import { assertEquals, assertRejects } from "@std/assert";
import { CHANGES_HEADER, HEADER, type Row, type Sheet } from "../../sheets/sheet.ts";
import { idOf, never, row as messageRow } from "./sheet_rows.ts";

/** One sink's place as a test sees it: through the port, and with a person's eyes and hands. */
export interface SheetPlace extends AsyncDisposable {
  /** Another {@link Sheet} on the same place, not opened. */
  sheet(): Sheet;
  /** All rows as a person sees them, header included. */
  look(): Promise<string[][]>;
  /** Changes the rows below the header by hand. */
  edit(change: (rows: string[][]) => string[][]): Promise<void>;
  /** What a cell with this text shows. */
  shown(text: string): string;
}

/**
 * The promises that every implementation of {@link Sheet} keeps, as tests whose names begin with `symbol`: with rows of
 * messages, and with rows of changes.
 */
export function testSheet(symbol: string, start: (header: Row) => Promise<SheetPlace>): void {
  testRows(symbol, { header: HEADER, start, wide: (row) => row });
  testRows(`${symbol} of changes`, {
    header: CHANGES_HEADER,
    start,
    wide: ([time, room, username, text, id]) => [time, room, username, "edited", idOf(0), text, id],
  });
}

interface Rows {
  readonly header: Row;
  readonly start: (header: Row) => Promise<SheetPlace>;
  /** A row of this header that says what a message's row says. */
  readonly wide: (row: Row) => Row;
}

function testRows(symbol: string, { header, start, wide }: Rows): void {
  const row = (n: number, text?: string): Row => wide(messageRow(n, text));
  const rows = (from: number, to: number): Row[] =>
    Array.from({ length: to - from + 1 }, (_, index) => row(from + index));
  const seen = (rows: readonly Row[]): string[][] => [header, ...rows].map((row) => [...row]);
  const promise = (name: string, test: (place: SheetPlace) => Promise<void>) =>
    Deno.test(`${symbol}${name}`, async () => {
      await using place = await start(header);
      await test(place);
    });

  promise(".open() makes the header once, however often it is called", async (place) => {
    await using sheet = await opened(place);
    await sheet.open(never);
    await using other = await opened(place);
    await other.open(never);
    assertEquals(await place.look(), seen([]));
  });

  promise(".append() puts rows below what stands, in order", async (place) => {
    await using sheet = await opened(place);
    assertEquals((await sheet.append(rows(1, 3), never)).id, idOf(3));
    assertEquals((await sheet.append([row(4)], never)).id, idOf(4));
    assertEquals(await place.look(), seen(rows(1, 4)));
  });

  promise(".append() takes 5,000 rows at once", async (place) => {
    await using sheet = await opened(place);
    await sheet.append(rows(1, 5000), never);
    assertEquals(await place.look(), seen(rows(1, 5000)));
  });

  promise(".append() leaves text what it is and runs nothing", async (place) => {
    await using sheet = await opened(place);
    const texts = [
      ...[
        "=1+1",
        "\n=1",
        " =1",
        "＝1",
        "+1",
        "-1",
        "@ada",
        "\t=1+1",
        "\r=1+1",
        '"=1+1',
        "'=1+1",
        "007",
        "TRUE",
        "1/2",
      ],
      ...[
        "<script>alert(1)</script>",
        'he said "hi", then left',
        "two\nlines",
        "two\r\nlines",
        ",",
        '"',
        '""',
        "'",
      ],
      ...["聊天室", "👩‍👩‍👧 family", "é vs e\u0301", "\u200bx", "end "],
    ];
    const sent = texts.map((text, index) => row(index, text));
    await sheet.append(sent, never);
    assertEquals(await place.look(), seen(sent.map((row) => row.map((cell) => place.shown(cell)))));
    const { present } = await sheet.find(new Set(sent.map((_, index) => idOf(index))), undefined, never);
    assertEquals(present.size, sent.length);
  });

  promise(".append() writes nothing once it was told to stop", async (place) => {
    await using sheet = await opened(place);
    await assertRejects(() =>
      sheet.append([row(1)], AbortSignal.abort(new DOMException("stop", "AbortError")))
    );
    assertEquals(await place.look(), seen([]));
  });

  promise(".find() tells which ids stand, and where the last one is", async (place) => {
    await using sheet = await opened(place);
    assertEquals(await sheet.find(new Set([idOf(1)]), undefined, never), {
      present: new Set<string>(),
      last: undefined,
    });
    await sheet.append(rows(1, 5), never);
    const second = await sheet.append([row(6)], never);
    const { present, last } = await sheet.find(new Set([idOf(2), idOf(6), idOf(7)]), undefined, never);
    assertEquals(present, new Set([idOf(2), idOf(6)]));
    assertEquals(last, second);
  });

  promise(
    ".find() finds rows wherever they stand, though the mark's row stands where it stood",
    async (place) => {
      await using sheet = await opened(place);
      await sheet.append(rows(1, 2), never);
      const mark = await sheet.append([row(3)], never);
      await sheet.append(rows(4, 5), never);
      // Newest first: the row in the middle is where it was.
      await place.edit((rows) => rows.toReversed());
      const { present } = await sheet.find(new Set([2, 4, 5, 6].map(idOf)), mark, never);
      assertEquals(present, new Set([2, 4, 5].map(idOf)));
      await sheet.append([row(6)], never);
      assertEquals((await place.look()).at(-1), [...row(6)]);
    },
  );

  promise(".find() isn't misled by what a message says", async (place) => {
    await using sheet = await opened(place);
    await sheet.append(
      [row(1, `x,${idOf(7)}\r\ntime,lobby,ada,hi,${idOf(8)}\r\n`), row(2, `"\n${idOf(9)}`)],
      never,
    );
    const { present } = await sheet.find(new Set([1, 2, 7, 8, 9].map(idOf)), undefined, never);
    assertEquals(present, new Set([idOf(1), idOf(2)]));
  });

  const edits: Record<string, (rows: string[][]) => string[][]> = {
    "sorted": (rows) => rows.toReversed(),
    "deleted above the mark": (rows) => rows.slice(2),
    "deleted down to less than the mark": (rows) => rows.slice(-1),
    "inserted": (rows) => [["note", "by", "hand", "", "-"], ...rows],
  };
  for (const [how, change] of Object.entries(edits)) {
    promise(`.find() looks everywhere when rows were ${how} by hand`, async (place) => {
      await using sheet = await opened(place);
      await sheet.append(rows(1, 4), never);
      const mark = await sheet.append([row(5)], never);
      await sheet.append([row(6)], never);
      await place.edit(change);
      const { present, last } = await sheet.find(new Set([idOf(6), idOf(7)]), mark, never);
      assertEquals(present, new Set([idOf(6)]));
      assertEquals(last?.id, idOf(6));
      await sheet.append([row(7)], never);
      assertEquals((await place.look()).at(-1), [...row(7)]);
    });
  }

  promise(" goes on where another one ended", async (place) => {
    let mark;
    {
      await using sheet = await opened(place);
      mark = await sheet.append(rows(1, 2), never);
    }
    await using sheet = await opened(place);
    await sheet.append(rows(3, 4), never);
    assertEquals((await sheet.find(new Set([idOf(4)]), mark, never)).last?.id, idOf(4));
    assertEquals(await place.look(), seen(rows(1, 4)));
  });
}

async function opened(place: SheetPlace): Promise<Sheet> {
  const sheet = place.sheet();
  await sheet.open(never);
  return sheet;
}
