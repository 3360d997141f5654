/** Keeps the shape of the source: which way imports point, and how large folders and files get. */
import { assert, assertEquals } from "@std/assert";
import { dirname, join, normalize } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;
const FOLDERS = ["rooms", "routes", "sheets", "static"];

/** From the top down: what stands in a line may import what stands in a lower one, and in `rooms/` nothing else. */
const LAYERS = [
  ["rooms/rooms.ts"],
  ["rooms/speech.ts", "rooms/moderation.ts", "rooms/search.ts", "rooms/migrations.ts"],
  ["rooms/room.ts"],
  ["rooms/room_entries.ts", "rooms/room_messages.ts", "rooms/room_history.ts"],
  ["rooms/quotes.ts"],
  ["rooms/presence", "rooms/notifications", "rooms/reports"],
  ["rooms/member.ts", "rooms/access", "rooms/stats", "rooms/files"],
  ["rooms/messages", "rooms/documents"],
  ["rooms/cluster"],
  ["rooms/kv"],
  ["rooms/lifecycle.ts"],
  ["rooms/frame_decoder.ts"],
  [
    "rooms/protocol.ts",
    "rooms/user.ts",
    "rooms/clock.ts",
    "rooms/counters.ts",
    "rooms/trace.ts",
    "rooms/mutex.ts",
  ],
];

const MAX_FILES = 20;
const MAX_LINES = 300;
const MAX_MEDIAN_LINES = 110;

interface Source {
  /** From the root: `rooms/room.ts`. */
  readonly path: string;
  readonly lines: number;
  /** The files of ours that it imports, from the root. */
  readonly imports: readonly string[];
}

Deno.test("The folders of rooms/ import downward only, and nothing outside of rooms/", async () => {
  const wrong: string[] = [];
  for (const { path, imports } of await sources("rooms")) {
    for (const imported of imports) {
      const isLower = layerOf(path) < layerOf(imported) || placeOf(path) === placeOf(imported);
      if (!isLower) wrong.push(`${path} imports ${imported}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("routes/ and sheets/ import rooms/ and not each other", async () => {
  const wrong: string[] = [];
  for (const [folder, other] of [["routes", "sheets/"], ["sheets", "routes/"]]) {
    for (const { path, imports } of await sources(folder)) {
      wrong.push(
        ...imports.filter((name) => name.startsWith(other)).map((name) => `${path} imports ${name}`),
      );
    }
  }
  assertEquals(wrong, []);
});

Deno.test("No folder and no file is too large to find one's way in", async () => {
  const all = (await Promise.all(FOLDERS.map(sources))).flat();
  const counts = Map.groupBy(all, ({ path }) => dirname(path));
  assertEquals([...counts].filter(([, files]) => files.length > MAX_FILES).map(([name]) => name), []);
  assertEquals(
    all.filter(({ lines }) => lines > MAX_LINES).map(({ path, lines }) => `${path}: ${lines}`),
    [],
  );
  const sorted = all.map(({ lines }) => lines).sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1];
  assert(median < MAX_MEDIAN_LINES, `the median is ${median} lines`);
});

Deno.test("main.ts lists the parts, and decides nothing", async () => {
  const lines = linesOf(await Deno.readTextFile(join(ROOT, "main.ts")));
  assert(lines <= 130, `main.ts has ${lines} lines`);
});

/** All source files below a folder. */
async function sources(folder: string): Promise<Source[]> {
  const found: Source[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) {
      if (path !== "static/built") found.push(...await sources(path));
      continue;
    }
    if (!/\.(tsx?|js|css)$/.test(name)) continue;
    const text = await Deno.readTextFile(join(ROOT, path));
    const imports = Array.from(
      text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g),
      ([, specifier]) => normalize(join(folder, specifier)),
    );
    found.push({ path, lines: linesOf(text), imports });
  }
  return found;
}

function linesOf(text: string): number {
  return text.split("\n").length - 1;
}

/** A file or folder of {@link LAYERS}. */
function placeOf(path: string): string {
  const [folder, name] = path.split("/");
  return `${folder}/${name}`;
}

function layerOf(path: string): number {
  const layer = LAYERS.findIndex((names) => names.includes(placeOf(path)));
  return layer < 0 ? Infinity : layer;
}
