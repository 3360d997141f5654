/**
 * Who may do what in a room: every kind of person against every act, over HTTP and sockets, on one isolate, on three, and
 * on three machines. Each kind is served by another process than the one before.
 */
import { assertEquals } from "@std/assert";
import { backend, join, member } from "../support/cast.ts";
import type { Client, Frame } from "../support/client.ts";
import { NEEDS, startEnsemble } from "../support/ensemble.ts";
import { engineTest } from "../support/servers.ts";
import { startService } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

/** Nobody: without a cookie and a name. Invited: a guest with an invitation to the private room. */
const ROLES = ["nobody", "guest", "invited", "member", "host", "creator", "admin", "service"] as const;

/** Somebody of a role, and their socket where they were let in. */
interface Person {
  readonly visitor: Visitor;
  readonly socket: Client | undefined;
}

/** What an act is done to. */
interface Scene {
  readonly room: string;
  /** The id in the room of a guest. */
  readonly pupil: string;
  /** The id of a message of the guest's. */
  readonly message: string;
  /** The path of a file in it. */
  readonly file: string;
}

type Act = (person: Person, scene: Scene) => Promise<boolean>;

/** An act over HTTP. `:pupil` and others stand for what the scene has. */
function http(method: string, path: string, body?: object): Act {
  return async ({ visitor }, scene) => {
    const filled = (text: string): string =>
      text.replace(/:(room|pupil|message|file)\b/g, (_, name: keyof Scene) => scene[name]);
    const sent = body && JSON.parse(filled(JSON.stringify(body)));
    const { status } = await visitor.ask(method, filled(path), sent);
    if (status < 300 || (status === 404 && method !== "GET")) return true;
    assertEquals([401, 403].includes(status), true, `${method} ${path}: ${status}`);
    return false;
  };
}

/** A frame over the socket; answered with an acknowledgement. */
function frame(body: object): Act {
  return async ({ socket }, { message }) => {
    if (!socket) return false;
    const answer = await answerTo(socket, JSON.parse(JSON.stringify(body).replace(":message", message)));
    if (answer.type === "error") assertEquals(answer.code, "not_allowed", JSON.stringify(body));
    return answer.type === "ack";
  };
}

async function answerTo(socket: Client, body: object): Promise<Frame> {
  const client_id = crypto.randomUUID();
  socket.send({ ...body, client_id });
  const isAnswer = (frame: Frame): boolean => frame.client_id === client_id && frame.type !== "chat_message";
  await socket.until((frames) => frames.some(isAnswer));
  return socket.frames.find(isAnswer) as Frame;
}

const mute = "/api/rooms/:room/members/:pupil/mute";
const title = { title: "五年三班" };
const invites = "/api/rooms/:room/invites";

/** Each act with who may: in a private room, and in a public one. A letter for each role in its order; `.` may not. */
const RULES: readonly [act: string, privately: string, publicly: string, Act][] = [
  ["enters", "..imhcas", "ngimhcas", ({ socket }) => Promise.resolve(socket !== undefined)],
  ["sees what the room is", "..imhcas", "ngimhcas", http("GET", "/api/rooms/:room")],
  ["reads the history", "..imhcas", "ngimhcas", http("GET", "/api/rooms/:room/messages")],
  ["searches", "..imhcas", "ngimhcas", http("GET", "/api/rooms/:room/search?q=hello")],
  ["fetches a file", "..imhcas", "ngimhcas", http("GET", ":file")],
  ["sends a file", "..imhcas", "ngimhcas", http("POST", "/api/rooms/:room/files?name=a.txt", { a: 1 })],
  ["says something", "..imhcas", "ngimhcas", frame({ type: "chat_message", message: "hello" })],
  ["reacts", "..imhcas", "ngimhcas", frame({ type: "react", id: ":message", emoji: "👍", on: true })],
  [
    "edits another's message",
    "........",
    "........",
    frame({
      type: "edit_message",
      id: ":message",
      message: "other",
    }),
  ],
  ["pins", "....hcas", "....hcas", frame({ type: "pin_message", id: ":message", on: true })],
  [
    "orders a report",
    "...mhca.",
    "...mhca.",
    http("POST", "/api/reports/request/", {
      type: "transcript",
      room: ":room",
    }),
  ],
  ["watches", "...mhca.", "...mhca.", http("PUT", "/api/rooms/:room/watch", { level: "all" })],
  ["posts as a program", "......as", "......as", http("POST", "/api/rooms/:room/messages", { message: "x" })],
  ["lists members", "....hcas", "....hcas", http("GET", "/api/rooms/:room/members")],
  ["mutes", "....hcas", "....hcas", http("POST", mute, { minutes: 1 })],
  ["unmutes", "....hcas", "....hcas", http("DELETE", mute)],
  ["bans", "....hcas", "....hcas", http("POST", "/api/rooms/:room/bans", { member: ":pupil" })],
  ["lists bans", "....hcas", "....hcas", http("GET", "/api/rooms/:room/bans")],
  ["unbans", "....hcas", "....hcas", http("DELETE", "/api/rooms/:room/bans/:pupil")],
  ["lists what waits", "....hcas", "....hcas", http("GET", "/api/rooms/:room/pending")],
  ["decides", "....hcas", "....hcas", http("POST", "/api/rooms/:room/pending/x", { approve: true })],
  ["reads events", "....hcas", "....hcas", http("GET", "/api/rooms/:room/events")],
  ["sets the order", "....hcas", "....hcas", http("PATCH", "/api/rooms/:room", { slow_mode_seconds: 0 })],
  ["renames the room", ".....cas", ".....cas", http("PATCH", "/api/rooms/:room", title)],
  ["lists the room", ".....cas", ".....cas", http("PATCH", "/api/rooms/:room", { listed: false })],
  ["names hosts", ".....cas", ".....cas", http("PATCH", "/api/rooms/:room", { hosts: ["host"] })],
  ["names members", ".....cas", ".....cas", http("PATCH", "/api/rooms/:room", { members: ["member"] })],
  ["closes the room", "......as", "......as", http("PATCH", "/api/rooms/:room", { closed: false })],
  ["invites", "....hcas", "....hcas", http("POST", invites, {})],
  ["lists invitations", "....hcas", "....hcas", http("GET", invites)],
  ["revokes", "....hcas", "....hcas", http("DELETE", `${invites}/x`)],
  ["deletes another's message", "....hcas", "....hcas", http("DELETE", "/api/rooms/:room/messages/:message")],
  ["deletes all of one", "....hcas", "....hcas", http("DELETE", "/api/rooms/:room/messages?person=:pupil")],
];

/** What a rule of the room does to what people say, but those who moderate it: what the answer is then. */
const ORDER: readonly [change: object, answer: string][] = [
  [{ read_only: true }, "read_only"],
  [{ read_only: false, blocked_words: ["壞話"] }, "blocked_word"],
  [{ blocked_words: [], slow_mode_seconds: 60 }, "slow_mode"],
  [{ slow_mode_seconds: 0, approval: true }, "pending"],
];

/** Tries everything on services that share their rooms, of which `hall` is the public one; `isOpen`: guests are let in. */
async function tryAll(
  urls: readonly string[],
  { isOpen = true }: { isOpen?: boolean } = {},
): Promise<void> {
  const rooms = ["team", "hall"];
  const urlOf = (role: typeof ROLES[number]): string => urls[ROLES.indexOf(role) % urls.length];
  const visitors: Visitor[] = [];
  for (const role of ROLES) {
    const url = urlOf(role);
    const isAccount = ["member", "host", "creator", "admin"].includes(role);
    if (role === "service") visitors.push(backend(url));
    else if (isAccount) visitors.push(await member(url, role, role === "admin" ? "admin" : "user"));
    else visitors.push(new Visitor(url));
  }
  const [, guest, invited, , , creator] = visitors;
  await guest.ask("GET", "/chat/hall/");
  const links = await Promise.all(rooms.map(async (room) => {
    await creator.ask("POST", "/api/rooms", { room, private: room === "team" });
    await creator.ask("PATCH", `/api/rooms/${room}`, { hosts: ["host"], members: ["member"] });
    return (await creator.ask("POST", `/api/rooms/${room}/invites`, {})).body.url as string;
  }));
  await join(urlOf("invited"), links[0], "invited", invited);

  await Promise.all(rooms.map(async (room, i) => {
    const people = await Promise.all(visitors.map(async (visitor, at) => {
      const query = `?events=1${at ? `&username=${ROLES[at]}` : ""}`;
      return { visitor, socket: await visitor.enter(room, query).catch(() => undefined) };
    }));
    const { visitor } = await join(urls[0], links[i], "pupil");
    await using pupil = await visitor.enter(room, "?events=1&username=pupil");
    const { body: file } = await visitor.ask("POST", `/api/rooms/${room}/files?name=a.txt`, { a: 1 });
    const { id } = await answerTo(pupil, { type: "chat_message", message: "hello", files: [file.id] });
    const path = new URL(file.url, urls[0]).pathname;
    const scene = { room, message: id, file: path, pupil: pupil.all("welcome")[0].person };
    const [expected, actual] = [[], []] as [string[], string[]];
    for (const [name, privately, publicly, act] of RULES) {
      const wanted = room === "team" ? privately : isOpen ? publicly : `...${publicly.slice(3)}`;
      const may = await Promise.all(people.map((person) => act(person, scene)));
      expected.push(`${room} ${name}: ${wanted}`);
      actual.push(`${room} ${name}: ${may.map((can, at) => can ? ROLES[at][0] : ".").join("")}`);
    }
    assertEquals(actual, expected);

    const here = people.flatMap(({ socket }, at) => socket ? [{ socket, role: ROLES[at] }] : []);
    for (const [change, answer] of ORDER) {
      // The title tells this change from earlier ones, which other processes may learn of as late.
      await creator.ask("PATCH", `/api/rooms/${room}`, { ...change, title: answer });
      await Promise.all(here.map(async ({ socket, role }) => {
        await socket.until(() => socket.all("room").some(({ title }) => title === answer));
        const say = () => answerTo(socket, { type: "chat_message", message: "說 壞 話" });
        if (answer === "slow_mode") await say();
        const { type, code = type } = await say();
        const isKeeper = ROLES.indexOf(role) >= ROLES.indexOf("host");
        assertEquals(code, isKeeper ? "ack" : answer, `${role}: ${answer}`);
      }));
    }
    for (const { socket } of here) await socket.close();
  }));
}

for (const auth of ["guests", "required"] as const) {
  Deno.test(`Everybody may do in a room what they may, and nothing else, with AUTH=${auth}`, async () => {
    await using service = await startService({ auth });
    await tryAll([service.url], { isOpen: auth === "guests" });
  });
}

Deno.test("Everybody may do in a room what they may, and nothing else, on three isolates", async () => {
  await using ensemble = await startEnsemble("BroadcastChannel", 3);
  await tryAll(ensemble.services.map(({ url }) => url));
});

// With Redis, rights are read from KV in the same way.
engineTest(
  "Everybody may do in a room what they may, and nothing else, on three machines",
  NEEDS.KV,
  async () => {
    await using ensemble = await startEnsemble("KV", 3);
    await tryAll(ensemble.services.map(({ url }) => url));
  },
);
