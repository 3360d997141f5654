/** Starts of the service as a process: what is wrong is said at once, and where it can be reached. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { startProcess } from "../support/process.ts";
import { temporaryDirectory } from "../support/service.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** Runs the service, which can't start, and answers its exit status and what it says. */
async function refused(
  env: Record<string, string>,
  permissions: readonly string[] = ["-A"],
): Promise<{ code: number; lines: string[] }> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--frozen", ...permissions, MAIN],
    env: { HOST: "127.0.0.1", PORT: "0", KV_PATH: ":memory:", ...env },
    stdin: "null",
    stdout: "null",
  }).output();
  return { code, lines: new TextDecoder().decode(stderr).trimEnd().split("\n") };
}

/** A start that is refused, and what it says. */
type Wrong = [what: string, env: (directory: string) => Record<string, string>, said: RegExp];

const WRONG: Wrong[] = [
  [
    "an unresolvable HOST",
    () => ({ HOST: "no-such-host.invalid" }),
    /^HOST is "no-such-host\.invalid".*wanted: /,
  ],
  [
    "another machine's HOST",
    () => ({ HOST: "192.0.2.77" }),
    /^HOST is "192\.0\.2\.77", no address of this machine; wanted: /,
  ],
  ["a whole URL as HOST", () => ({ HOST: "http://localhost" }), /^HOST is "http:\/\/localhost"; wanted: /],
  [
    "TIME_ZONE=CST, which is several",
    () => ({ TIME_ZONE: "CST" }),
    /^TIME_ZONE is "CST"; wanted: .*Asia\/Taipei/,
  ],
  [
    "a lone ADMIN_USERNAME",
    () => ({ ADMIN_USERNAME: "root" }),
    /^ADMIN_USERNAME is set without ADMIN_PASSWORD; wanted: /,
  ],
  [
    "a directory that can't be written",
    () => ({ KV_PATH: "/proc/x/talksheet.db" }),
    /^KV_PATH is "\/proc\/x.*; wanted: /,
  ],
  [
    "a file in the way of a directory",
    () => ({ KV_PATH: `${MAIN}/talksheet.db` }),
    /^KV_PATH is ".*; wanted: /,
  ],
  [
    "a file that is no database",
    () => ({ KV_PATH: MAIN }),
    /^KV_PATH is ".*a file of another kind; wanted: /,
  ],
  ["a directory as the database", (directory) => ({ KV_PATH: directory }), /^KV_PATH is ".*; wanted: /],
  [
    "a database of another engine",
    () => ({ KV_PATH: "postgres://db" }),
    /^KV_PATH is "postgres:\/\/db"; wanted: /,
  ],
  [
    "a key file that isn't there",
    () => ({ GOOGLE_SHEET_ID: "x", GOOGLE_CREDS_PATH: "/no/creds.json" }),
    /^The key file \/no\/creds\.json isn't there/,
  ],
];

for (const [what, env, said] of WRONG) {
  Deno.test(`A start with ${what} ends with 2 and one line that says what is wanted`, async () => {
    await using directory = await temporaryDirectory();
    const { code, lines } = await refused(env(directory.path));
    assertEquals([code, lines.length], [2, 1], lines.join("\n"));
    assertMatch(lines[0], said);
  });
}

Deno.test("A start at a port in use ends with 2 and one line, with several isolates, too", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0, reusePort: true });
  const { code, lines } = await refused({ PORT: String(other.addr.port) });
  assertEquals([code, lines.length], [2, 1], lines.join("\n"));
  assertMatch(lines[0], /^PORT is "\d+", where another program listens; wanted: /);
});

Deno.test("A start says all that is wrong at once: variables, the port, files and the key", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, lines } = await refused({
    TIME_ZONE: "CST",
    ADMIN_PASSWORD: "0123456789",
    PORT: String(other.addr.port),
    KV_PATH: MAIN,
    GOOGLE_SHEET_ID: "x",
    GOOGLE_CREDS_PATH: "/no/creds.json",
  });
  assertEquals(code, 2);
  const starts = ["TIME_ZONE is", "ADMIN_PASSWORD is set without", "PORT is", "KV_PATH is", "The key file"];
  assertEquals(lines.map((line, i) => line.startsWith(starts[i])), starts.map(() => true), lines.join("\n"));
});

Deno.test("A start that may not write where KV_PATH and LOG_CSV_PATH lead names the permission", async () => {
  await using directory = await temporaryDirectory();
  await Deno.mkdir(`${directory.path}/data`);
  const elsewhere = `${directory.path}/elsewhere`;
  const permissions = ["--allow-net", "--allow-env", "--allow-read", `--allow-write=${directory.path}/data`];
  const env = { KV_PATH: `${elsewhere}/talksheet.db`, LOG_CSV_PATH: `${elsewhere}/log.csv` };
  const { code, lines } = await refused(env, permissions);
  assertEquals([code, lines.length], [2, 2], lines.join("\n"));
  for (const [i, name] of Object.keys(env).entries()) {
    assert(
      lines[i].startsWith(`${name} is `) && lines[i].includes("permissions.service in deno.json"),
      lines[i],
    );
  }
});

for (const host of ["::", "::1", "[::1]", " 127.0.0.1\r"]) {
  Deno.test(`A start at HOST=${JSON.stringify(host)} can be reached where it says`, async () => {
    await using service = await startProcess({ HOST: host, KV_PATH: ":memory:", LANGUAGE: "en_US:en" });
    const health = await fetch(`${service.url}/healthz`);
    assertEquals([health.status, (await health.json()).status], [200, "ok"]);
    const warned = service.log.filter(({ level }) => level === "warn");
    assertEquals(warned.map(({ event, variable }) => [event, variable]), [["variable_ignored", "LANGUAGE"]]);
  });
}

Deno.test("A start tells people the address to open, and programs the one for other machines as well", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--frozen", "-A", MAIN],
    env: { HOST: "0.0.0.0", PORT: "0", KV_PATH: ":memory:" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const firstLine = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> => {
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("\n")) text += (await reader.read()).value ?? "\n";
    await reader.cancel();
    return text.slice(0, text.indexOf("\n"));
  };
  const [said, logged] = await Promise.all([firstLine(child.stdout), firstLine(child.stderr)]);
  child.kill("SIGKILL");
  await child.status;
  const { event, url, network_url: networkUrl } = JSON.parse(logged);
  assertEquals([event, said.startsWith(`Talksheet: open ${url.replace("127.0.0.1", "localhost")}/`)], [
    "started",
    true,
  ]);
  if (networkUrl !== undefined) assert(said.endsWith(`${networkUrl}/`), said);
});
