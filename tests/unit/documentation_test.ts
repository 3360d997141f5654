/** Promises about the Markdown files: they are found, true where a program can tell, and their clients work. */
import { assert, assertEquals } from "@std/assert";
import { VARIABLE_NAMES } from "../../routes/config.ts";
import { startService, TOKEN } from "../support/service.ts";

/** A Markdown file; its path is from the top of the repository. */
interface Page {
  readonly path: string;
  readonly lines: readonly string[];
}

/** A fenced block of code. */
interface Block {
  /** Where it begins, for people. */
  readonly at: string;
  /** The headings that it stands under, the last one last. */
  readonly heading: string;
  readonly language: string;
  readonly code: string;
}

const ROOT = new URL("../../", import.meta.url);
/** What isn't ours, or isn't written by people. */
const IGNORED: ReadonlySet<string> = new Set([".git", "node_modules", "data", "built"]);
const MAX_README_BYTES = 12_288;
/** Where all variables stand in one table, and under which heading. */
const TABLES = { ".github/DEPLOYMENT.md": "Configuration", ".github/README.zh-Hant.md": "所有設定" };
/** Languages of blocks that no test reads. */
const UNREAD: ReadonlySet<string> = new Set(["nginx", "yaml", "ini", "python", "excel"]);
/** Files that are named, and that nobody has before making them. */
const MADE: ReadonlySet<string> = new Set(["creds.json"]);
/** How long a client may take to say something, in milliseconds. */
const PATIENCE_MS = 30_000;

const pages = [...pagesIn("")];
const blocks = pages.flatMap(blocksOf);
const page = (path: string): Page => {
  const found = pages.find((page) => page.path === path);
  assert(found, `${path} is missing`);
  return found;
};

Deno.test("README.md is read in minutes", async () => {
  const { size } = await Deno.stat(new URL("README.md", ROOT));
  assert(size <= MAX_README_BYTES, `It has ${size} bytes, at most ${MAX_README_BYTES} are wanted`);
});

Deno.test("Every relative link of a Markdown file leads to a file, and to a heading that is there", async () => {
  const broken: string[] = [];
  for (const { path, lines } of pages) {
    const text = prose(lines).join("\n").replace(/`[^`\n]*`/g, "");
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file, anchor] = target.split("#");
      const url = file ? new URL(file, new URL(path, ROOT)) : new URL(path, ROOT);
      const name = decodeURI(url.href.slice(ROOT.href.length));
      if (!await exists(url)) broken.push(`${path}: ${target}`);
      else if (anchor && !anchorsOf(page(name)).has(decodeURIComponent(anchor))) {
        broken.push(`${path}: ${target}`);
      }
    }
  }
  assertEquals(broken, []);
});

Deno.test("Every variable of the configuration is in the tables, and no other", () => {
  for (const [path, heading] of Object.entries(TABLES)) {
    assertEquals(firstCells(path, heading).flatMap(variablesIn).sort(), [...VARIABLE_NAMES].sort(), path);
  }
  const unknown = prose(page("README.md").lines).filter((line) => line.startsWith("|"))
    .flatMap((line) => variablesIn(line.split("|")[1])).filter((name) => !VARIABLE_NAMES.includes(name));
  assertEquals(unknown, []);
});

Deno.test("Every task that a Markdown file names exists", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const unknown = pages.flatMap(({ path, lines }) =>
    [...lines.join("\n").matchAll(/\bdeno(?:@[\d.]+)? task ([a-z]+)/g)]
      .filter(([, name]) => !Object.hasOwn(tasks, name)).map(([, name]) => `${path}: ${name}`)
  );
  assertEquals(unknown, []);
});

Deno.test("Every file and folder that a Markdown file names in code is there", async () => {
  const missing: string[] = [];
  for (const { path, lines } of pages) {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    // What is named in one item of a list, or in one row of a table, stands below the folders that are named in it.
    for (const line of prose(lines).join("\n").replace(/\n +(?=\S)/g, " ").split("\n")) {
      const named = [...line.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\/?)`/g)].map(([, name]) => name)
        .filter((name) => /\/$|\.(tsx?|js|css|json)$/.test(name) && !/(^|\/)(data|built)\//.test(name));
      const folders = ["", ...named.filter((name) => name.endsWith("/"))];
      for (const name of named) {
        const places = folders.flatMap((below) => [`${folder}${below}${name}`, `${below}${name}`]);
        if (MADE.has(name)) continue;
        const found = await Promise.all(places.map((place) => exists(new URL(place, ROOT))));
        if (!found.includes(true)) missing.push(`${path}: ${name}`);
      }
    }
  }
  assertEquals(missing, []);
});

Deno.test("Every block of JSON in a Markdown file parses", () => {
  for (const { at, code } of inLanguage("json")) {
    try {
      JSON.parse(code);
    } catch (error) {
      throw new Error(at, { cause: error });
    }
  }
});

Deno.test("Every block of shell in a Markdown file is a script", async () => {
  const read = inLanguage("sh").map(async ({ at, code }) => [at, await run("bash", ["-n"], code)] as const);
  for (const [at, { code, stderr }] of await Promise.all(read)) assertEquals(code, 0, `${at}: ${stderr}`);
});

Deno.test("Every block of JavaScript or TypeScript in a Markdown file parses", async () => {
  const directory = await Deno.makeTempDir({ prefix: "talksheet_documentation_" });
  try {
    for (const [number, { language, code }] of inLanguage("js", "ts").entries()) {
      await Deno.writeTextFile(`${directory}/${number}.${language}`, code);
    }
    // It formats, and says what it can't read.
    const { code, stderr } = await run(Deno.execPath(), ["fmt", "--no-config", directory]);
    assertEquals(code, 0, stderr);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("Every block for nginx passes sockets on, and the host with its port", () => {
  const found = inLanguage("nginx");
  assertEquals(found.length, 2);
  for (const { at, code } of found) {
    // `$host` has no port: then every socket is refused where the port isn't the scheme's own.
    for (const line of ["Host $http_host;", "Upgrade $http_upgrade;", 'Connection "upgrade";']) {
      assert(code.includes(`proxy_set_header ${line}`), `${at}: ${line}`);
    }
    assertEquals(code, found[0].code, at);
  }
});

Deno.test("Every block of code in a Markdown file says its language, and is read by a test where one can", () => {
  const read = new Set(["json", "sh", "js", "ts", ...UNREAD]);
  assertEquals(blocks.filter(({ language }) => !read.has(language)).map(({ at }) => at), []);
});

Deno.test("The client in JavaScript talks", async () => {
  await using service = await startService();
  const [{ code }] = under("A client in JavaScript");
  const heard = await hear(Deno.execPath(), ["run", "--quiet", "--allow-net", "--no-config", "-"], {
    script: pointedAt(service.url, code),
    until:
      /stored as \w{26}[\s\S]*Bot: hello from JavaScript|Bot: hello from JavaScript[\s\S]*stored as \w{26}/,
  });
  assert(heard.isDone, heard.text);
});

Deno.test("The client in Python talks, or at least is Python where its library is missing", async () => {
  if (!await has("python3", ["--version"])) return;
  const [{ code }] = under("A client in Python");
  if (!await has("python3", ["-c", "import websockets.asyncio.client"])) {
    const parse = "import ast, sys; ast.parse(sys.stdin.read())";
    const { code: status, stderr } = await run("python3", ["-c", parse], code);
    return assertEquals(status, 0, stderr);
  }
  await using service = await startService();
  const heard = await hear("python3", ["-"], {
    script: pointedAt(service.url, code),
    until: /PyBot: hello from Python/,
  });
  assert(heard.isDone, heard.text);
});

Deno.test("The calls with curl are answered as it is written", async () => {
  if (!await has("curl", ["--version"])) return;
  await using service = await startService({}, undefined);
  const [script, answer] = under("With curl");
  const { stdout, stderr } = await run(
    "bash",
    [],
    pointedAt(service.url, script.code).replace(/SERVICE_TOKEN=\S+/, `SERVICE_TOKEN=${TOKEN}`),
  );
  const [posted, history, notified, told] = stdout.split(/(?<=\})(?=\{)/).map((text) => JSON.parse(text));
  const shown = JSON.parse(answer.code);
  assertEquals(Object.keys(shown).filter((field) => !Object.hasOwn(posted, field)), [], stderr);
  assertEquals([posted.message, posted.username], [shown.message, shown.username]);
  assertEquals(history.messages.length, 1);
  assertEquals([notified.code, told.ok], ["not_found", true]);
});

function* pagesIn(folder: string): Generator<Page> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder || ".", ROOT))) {
    if (IGNORED.has(name)) continue;
    if (isDirectory) yield* pagesIn(`${folder}${name}/`);
    else if (name.endsWith(".md")) {
      const text = Deno.readTextFileSync(new URL(folder + name, ROOT));
      yield { path: folder + name, lines: text.split(/\r?\n/) };
    }
  }
}

function blocksOf({ path, lines }: Page): Block[] {
  const found: Block[] = [];
  let heading = "";
  let open: { at: string; indent: string; language: string; code: string[] } | undefined;
  for (const [index, line] of lines.entries()) {
    const [, indent, language] = /^( *)```(\w*)/.exec(line) ?? [];
    if (open && indent !== undefined) {
      found.push({ ...open, heading, code: open.code.join("\n") });
      open = undefined;
    } else if (open) open.code.push(line.slice(open.indent.length));
    else if (indent !== undefined) open = { at: `${path}:${index + 1}`, indent, language, code: [] };
    else heading = /^#+ +(.*)/.exec(line)?.[1] ?? heading;
  }
  assert(!open, `A block is never closed: ${open?.at}`);
  return found;
}

function inLanguage(...languages: string[]): Block[] {
  return blocks.filter(({ language }) => languages.includes(language));
}

function under(wanted: string): Block[] {
  const found = blocks.filter(({ heading }) => heading === wanted);
  assert(found.length, `There is no code under "${wanted}"`);
  return found;
}

/** The lines that aren't code. */
function prose(lines: readonly string[]): string[] {
  let isCode = false;
  return lines.filter((line) => {
    const isFence = /^ *```/.test(line);
    if (isFence) isCode = !isCode;
    return !isFence && !isCode;
  });
}

/** The anchors that GitHub makes of headings. */
function anchorsOf({ lines }: Page): Set<string> {
  const anchors = new Set<string>();
  for (const line of prose(lines)) {
    const [, title] = /^#+ +(.*)/.exec(line) ?? [];
    if (title === undefined) continue;
    const text = title.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase().trim();
    const slug = text.replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "").replaceAll(" ", "-");
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** The first cells of the first table below a heading, its own heading left out. */
function firstCells(path: string, heading: string): string[] {
  const lines = prose(page(path).lines);
  const from = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ +/, "") === heading);
  assert(from >= 0, `${path} has no heading "${heading}"`);
  const begin = lines.findIndex((line, index) => index > from && line.startsWith("|"));
  const length = lines.slice(begin).findIndex((line) => !line.startsWith("|"));
  return lines.slice(begin + 2, begin + length).map((line) => line.split("|")[1]);
}

function variablesIn(cell: string): string[] {
  return [...cell.matchAll(/`([A-Z][A-Z\d_]+)`/g)].map(([, name]) => name);
}

function pointedAt(url: string, code: string): string {
  return code.replaceAll("ws://localhost:8000", url.replace("http", "ws"))
    .replaceAll("http://localhost:8000", url);
}

async function exists(url: URL): Promise<boolean> {
  return await Deno.stat(url).then(() => true, () => false);
}

async function has(program: string, args: string[]): Promise<boolean> {
  return await run(program, args).then(({ code }) => code === 0, () => false);
}

async function run(
  program: string,
  args: string[],
  stdin = "",
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  // A program may end before it has read all.
  await writer.write(new TextEncoder().encode(stdin)).then(() => writer.close()).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Runs a program that reads its script from its input, until it has said something, and ends it. */
async function hear(
  program: string,
  args: string[],
  { script, until }: { script: string; until: RegExp },
): Promise<{ text: string; isDone: boolean }> {
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "inherit" })
    .spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const patience = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (until.test(text)) break;
  }
  clearTimeout(patience);
  // It may have ended by itself.
  try {
    child.kill("SIGKILL");
  } catch { /* It has. */ }
  await child.status;
  return { text, isDone: until.test(text) };
}
