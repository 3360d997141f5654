import { assert, assertEquals } from "@std/assert";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { member, PASSWORD } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { startProcess } from "../support/process.ts";
import { rawFrame, RawSocket } from "../support/raw_socket.ts";
import { startService, temporaryDirectory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const MIB = 1024 * 1024;

/** The most memory that a process has taken so far. */
async function peakBytes(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

async function startOnDisk(directory: string, env: Record<string, string> = {}) {
  return await startProcess({
    KV_PATH: `${directory}/talksheet.db`,
    LOG_CSV_PATH: `${directory}/ChatLogs.csv`,
    ADMIN_USERNAME: "ada",
    ADMIN_PASSWORD: PASSWORD,
    ...env,
  });
}

Deno.test("A message in fragments without an end is refused at every socket, and costs no memory, whether its sender heeds it or not", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startOnDisk(directory.path);
  const ada = await Visitor.signedIn(service.url, "ada", PASSWORD);
  const { cookie } = ada;
  const before = await peakBytes(service.pid);
  const fragment = rawFrame({ opcode: 0, payload: new Uint8Array(16 * MIB), isFinal: false });
  const paths = ["chat/lobby", "notifications", "tasks", "documents/plan", "dashboard"];
  for (const path of paths) {
    for (const headers of [{ cookie }, {}]) {
      using socket = await RawSocket.open(service.url, `/ws/${path}/`, headers as Record<string, string>);
      let sent = 0;
      try {
        await socket.write(rawFrame({ opcode: 1, payload: new Uint8Array(1), isFinal: false }));
        while (sent < 208 * MIB) {
          await socket.write(fragment);
          sent += fragment.length;
        }
      } catch {
        // It was cut off.
      }
      assert(sent < 208 * MIB, `${path} took it all`);
    }
  }
  const cost = await peakBytes(service.pid) - before;
  assert(cost < 100 * MIB, `${cost / MIB} MiB`);
  await using bo = await Client.enter(service.url, "lobby", "?username=bo");
  await bo.say("still here");
});

Deno.test("The service outlives the limit of file descriptors: idle connections make room, people talk, and the log says so", async () => {
  await using directory = await temporaryDirectory();
  await using service = await startOnDisk(directory.path, { MAX_CONNECTIONS_PER_IP: "0" });
  const limited = new Deno.Command("prlimit", { args: ["--pid", `${service.pid}`, "--nofile=256:256"] });
  assert((await limited.output()).success);
  await using cy = await Client.enter(service.url, "lobby", "?username=cy");
  const idle = await Promise.all(Array.from({ length: 300 }, () => RawSocket.connect(service.url)));
  try {
    await using bo = await Client.enter(service.url, "lobby", "?username=bo");
    await bo.say("anybody there?");
    await cy.next("chat_message");
    assertEquals((await (await fetch(`${service.url}/healthz`)).json()).status, "ok");
    assert(service.log.some(({ event }) => event === "files_exhausted"));
  } finally {
    for (const socket of idle) socket[Symbol.dispose]();
  }
});

Deno.test("Connections of one address that send nothing are closed above a limit, the idlest first, and nobody else's", async () => {
  await using service = await startService({ maxConnectionsPerIp: 5 });
  await using ada = await Client.enter(service.url, "lobby", "?username=ada");
  const idle: RawSocket[] = [];
  try {
    // Up to four times the limit they may be new.
    for (let i = 0; i < 41; i++) idle.push(await RawSocket.connect(service.url));
    await idle[0].ended();
    await idle[39].write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    await idle[39].until("200 OK");
    await ada.say("not my fault");
  } finally {
    for (const socket of idle) socket[Symbol.dispose]();
  }
});

Deno.test("Connections end that send nothing, half a request, or a byte now and then", async () => {
  await using service = await startService();
  const beginnings = [
    "",
    "GET / HTTP/1.1\r\nHost: x\r\n",
    "GET /ws/chat/lobby/ HTTP/1.1\r\nUpgrade: webs",
    "POST",
  ];
  await Promise.all(beginnings.map(async (beginning) => {
    using socket = await RawSocket.connect(service.url);
    await socket.write(beginning);
    const dripping = beginning && setInterval(() => void socket.write("a").catch(() => {}), 500);
    await socket.ended();
    clearInterval(dripping || undefined);
  }));
});

Deno.test("A socket ends though its peer doesn't answer the close, and counts until then, refused ones too", async () => {
  await using service = await startService({ maxConnectionsPerIp: 4 });
  const refused = await Promise.all(
    Array.from({ length: 6 }, () => RawSocket.open(service.url, "/ws/notifications/")),
  );
  try {
    using seventh = await RawSocket.connect(service.url);
    await seventh.write(
      "GET /ws/notifications/ HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    await seventh.until("HTTP/1.1 429");
    await Promise.all(refused.map((socket) => socket.ended()));
    await using _again = await Client.enter(service.url, "lobby");
  } finally {
    for (const socket of refused) socket[Symbol.dispose]();
  }
});

Deno.test("A socket answers the last ping of a flood, and a close with its code", async () => {
  await using service = await startService();
  using socket = await RawSocket.open(service.url, "/ws/chat/lobby/");
  const pings = Array.from({ length: 500 }, (_, i) => {
    return rawFrame({ opcode: 9, payload: new TextEncoder().encode(`ping ${i}`) });
  });
  await socket.write(new Uint8Array(pings.flatMap((ping) => [...ping])));
  await socket.until("ping 499");
  await socket.write(rawFrame({ opcode: 8, payload: new Uint8Array([0x03, 0xe9]) }));
  await socket.ended();
});

Deno.test("A flood of empty fragments, pings or pongs is cut off", async () => {
  await using service = await startService();
  const payload = new Uint8Array(0);
  const floods = [
    rawFrame({ opcode: 0, payload, isFinal: false }),
    rawFrame({ opcode: 9, payload }),
    rawFrame({ opcode: 10, payload }),
  ];
  for (const frame of floods) {
    using socket = await RawSocket.open(service.url, "/ws/chat/lobby/");
    await socket.write(rawFrame({ opcode: 1, payload, isFinal: false }));
    const many = new Uint8Array(10_000 * frame.length);
    for (let i = 0; i < 10_000; i++) many.set(frame, i * frame.length);
    let isOver = false;
    const ended = socket.ended().then(() => isOver = true);
    while (!isOver) await socket.write(many).catch(() => isOver = true);
    await ended;
  }
});

Deno.test("A socket opens on a connection that has carried other requests, and a request that is no plain one goes the long way", async () => {
  await using service = await startService();
  using socket = await RawSocket.connect(service.url);
  await socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  await socket.until('"status"');
  const upgrade = "GET /ws/chat/lobby/ HTTP/1.1\r\nHost: x\r\nX-Name: 小安\r\nUpgrade: websocket\r\n" +
    "Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  await socket.write(upgrade);
  await socket.until('"history"');
  await socket.write(rawFrame({ opcode: 1, payload: new TextEncoder().encode('{"message": "你好"}') }));
  await socket.until("你好");
});

Deno.test("Where the platform listens, its own sockets are served, and a large frame closes them", async () => {
  await using service = await startService({ isDeployed: true });
  const ada = await member(service.url, "ada");
  await using socket = await ada.enter("lobby");
  await socket.say("hello");
  const large = await ada.enter("lobby");
  large.send("a".repeat(65_537));
  assertEquals((await large.closed).code, 1009);
});

Deno.test("HTTP/2 is refused, of which one connection could ask for hundreds of answers and take none, in whichever pieces it comes", async () => {
  await using service = await startService();
  const begins = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
  using socket = await RawSocket.connect(service.url);
  await socket.write(begins);
  assertEquals((await socket.until("\r\n\r\n")).slice(0, 12), "HTTP/1.1 505");
  await socket.ended();
  using cut = await RawSocket.connect(service.url);
  for (const byte of begins.subarray(0, 4)) await cut.write(new Uint8Array([byte]));
  await cut.until("HTTP/1.1 505");
  using other = await RawSocket.connect(service.url);
  await other.write("PROPFIND /chat/ HTTP/1.1\r\nHost: x\r\n\r\n");
  await other.until("HTTP/1.1 404");
});

Deno.test("Whoever closes the own half of a connection behind a request gets the answer, of several requests all, and the end", async () => {
  await using service = await startService();
  const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  for (const paths of [["/healthz"], ["/chat/"], ["/chat/", "/healthz", "/help/", "/healthz"]]) {
    using socket = await RawSocket.connect(service.url);
    await socket.write(paths.map(request).join(""));
    await socket.closeWrite();
    assertEquals((await socket.rest()).split("HTTP/1.1 200 OK\r\n").length - 1, paths.length);
  }
  using half = await RawSocket.connect(service.url);
  await half.write("GET /healthz HTTP/1.1\r\n");
  await half.closeWrite();
  await half.ended();
});

Deno.test("Requests of one address whose bodies don't come keep nobody else of it out", async () => {
  await using service = await startService({ maxConnectionsPerIp: 5 });
  const half: RawSocket[] = [];
  try {
    for (let i = 0; i < 40; i++) {
      const socket = await RawSocket.connect(service.url);
      half.push(socket);
      await socket.write(
        "POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n" +
          "Expect: 100-continue\r\n\r\n",
      );
      // So that it is known to be busy.
      await socket.until("100 Continue");
    }
    using socket = await RawSocket.connect(service.url);
    await half[0].ended();
    await socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    await socket.until("200 OK");
  } finally {
    for (const socket of half) socket[Symbol.dispose]();
  }
});

Deno.test("Another program of the machine can't pose as a connection at the HTTP server behind, whatever port it has", async () => {
  await using service = await startService();
  const lines: Deno.TcpConn[] = [];
  const { connect: connectTcp } = Deno;
  Object.assign(Deno, {
    async connect(options: Deno.ConnectOptions) {
      const line = await connectTcp(options);
      lines.push(line);
      return line;
    },
  });
  using undo = new DisposableStack();
  undo.defer(() => Object.assign(Deno, { connect: connectTcp }));
  using victim = await RawSocket.connect(service.url);
  await victim.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  await victim.until('"status"');
  const [local, behind] = [lines[1].localAddr, lines[1].remoteAddr] as Deno.NetAddr[];
  for (const localPort of [undefined, local.port]) {
    const other = connect({ host: behind.hostname, port: behind.port, localAddress: "127.0.0.2", localPort });
    other.write("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assertEquals((await text(other)).slice(0, 12), "HTTP/1.1 403");
  }
});
