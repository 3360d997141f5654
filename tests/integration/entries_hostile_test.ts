/** What is refused of what people do to messages, and that it leaves no trace: on one isolate, three, three machines. */
import { assertEquals } from "@std/assert";
import { backend, member } from "../support/cast.ts";
import { change } from "../support/changes.ts";
import { Client, type Frame } from "../support/client.ts";
import { NEEDS, startEnsemble } from "../support/ensemble.ts";
import { readHistory } from "../support/service.ts";
import { engineTest } from "../support/servers.ts";
import { Visitor } from "../support/visitor.ts";

const ROOM = "聊天室";
/** Nobody changes what they said: what an author may do is in `entries_test.ts`. */
const CONFIG = { editMinutes: 0, maxMessageLength: 20 };
const PLACES = [["BroadcastChannel", 1], ["BroadcastChannel", 3], ["KV", 3], ["Redis", 3]] as const;
const EMOJI = ["👍", "❤️", "😂", "😮", "😢", "🙏", "🎉", "🔥", "👏", "🤔", "👀", "💯"];
/** Told of changes only. */
const CHANGED = new Set(["message_edited", "message_deleted", "reactions", "pins", "read"]);

/** The refusals of these say which one they are about. */
const isChange = (frame: object): boolean =>
  "type" in frame && (frame.type === "chat_message" || ABOUT.some((other) => other.type === frame.type));

type Who = "host" | "author" | "guest";
type Refused = [who: Who, frame: object | string, code: string];

/** Messages that the frames are about. */
interface Targets {
  readonly hers: string;
  readonly his: string;
  /** One with as many different emoji as there may be. */
  readonly full: string;
  /** What is no message of the room, by why it isn't. */
  readonly nothing: Readonly<Record<string, string>>;
}

/** All frames about messages, with what they need besides. */
const ABOUT: readonly Frame[] = [
  { type: "edit_message", message: "x" },
  { type: "delete_message" },
  { type: "react", emoji: "👍", on: true },
  { type: "react", emoji: "👍", on: false },
  { type: "pin_message", on: true },
  { type: "pin_message", on: false },
];

/** What is no text, no id, no emoji: whatever stands there instead. */
const NO_TEXT = [null, 5, true, ["x"], { toString: "x" }];
const NO_EMOJI = [
  "",
  " ",
  "ok",
  "5",
  "👍👍",
  "👍 ",
  "x👍",
  "\ud83d",
  "🇹",
  "❤️".repeat(9),
  "👍".repeat(9_000),
  "👨‍👩‍👧‍👦".repeat(3),
  "<b>",
  "__proto__",
  "\u200d",
];

function refused({ hers, his, full, nothing }: Targets): Refused[] {
  const all: Refused[] = [];
  for (const id of Object.values(nothing)) {
    for (const frame of ABOUT) all.push(["host", { ...frame, id }, "not_found"]);
    all.push(["author", { type: "chat_message", message: "x", reply_to: id }, "not_found"]);
  }
  for (const frame of ABOUT) {
    for (const id of [...NO_TEXT, undefined, "x".repeat(27), "x".repeat(60_000)]) {
      all.push(["author", { ...frame, id }, "invalid_frame"]);
    }
    all.push(["author", { ...frame, id: hers, client_id: "x".repeat(65) }, "invalid_frame"]);
    for (const clientId of NO_TEXT) {
      all.push(["author", { ...frame, id: hers, client_id: clientId }, "invalid_frame"]);
    }
  }
  for (const emoji of [...NO_TEXT, undefined, ...NO_EMOJI]) {
    for (const on of [true, false]) {
      all.push(["author", { type: "react", id: hers, emoji, on }, "invalid_frame"]);
    }
  }
  for (const on of [null, 1, 0, "true", undefined, []]) {
    all.push(["author", { type: "react", id: hers, emoji: "👍", on }, "invalid_frame"]);
    all.push(["host", { type: "pin_message", id: hers, on }, "invalid_frame"]);
  }
  for (const message of [...NO_TEXT, undefined]) {
    all.push(["author", { type: "edit_message", id: his, message }, "invalid_frame"]);
  }
  for (const replyTo of [...NO_TEXT, "x".repeat(27)]) {
    all.push(["author", { type: "chat_message", message: "x", reply_to: replyTo }, "invalid_frame"]);
  }
  for (const message of ["", " \n\t", "\u0000"]) {
    all.push(["author", { type: "edit_message", id: his, message }, "empty"]);
  }
  for (const message of ["x".repeat(21), "字".repeat(20_000)]) {
    all.push(["author", { type: "edit_message", id: his, message }, "too_long"]);
  }
  for (const before of [...NO_TEXT, "x".repeat(27)]) {
    all.push(["author", { type: "history", before }, "invalid_frame"]);
  }
  for (const limit of [0, -1, 1.5, "5", null]) {
    all.push(["author", { type: "history", limit }, "invalid_frame"]);
  }
  for (const id of [...NO_TEXT, undefined, "x".repeat(27)]) {
    all.push(["host", { type: "read", id }, "invalid_frame"]);
  }
  for (const type of ["Edit_message", "message_edited", "reactions", "pins", "unreact", "__proto__", null]) {
    all.push(["host", { type, id: hers, message: "x", on: true, emoji: "👍" }, "unknown_type"]);
  }
  for (const text of ["", "{", "[]", `[{"type":"react"}]`, "null", `"react"`, "[".repeat(20_000)]) {
    all.push(["host", text, "invalid_json"]);
  }
  return [
    ...all,
    ["author", { type: "edit_message", id: hers, message: "not mine" }, "not_allowed"],
    ["guest", { type: "edit_message", id: his, message: "not mine" }, "not_allowed"],
    // Hosts don't put words into others' mouths.
    ["host", { type: "edit_message", id: his, message: "not mine" }, "not_allowed"],
    ["author", { type: "delete_message", id: hers }, "not_allowed"],
    ["guest", { type: "delete_message", id: his }, "not_allowed"],
    ["author", { type: "pin_message", id: his, on: true }, "not_allowed"],
    ["guest", { type: "pin_message", id: hers, on: false }, "not_allowed"],
    ["host", { type: "pin_message", id: his, on: true }, "not_allowed"],
    ["guest", { type: "read", id: hers }, "not_allowed"],
    ["author", { type: "edit_message", id: his, message: "late" }, "too_late"],
    ["author", { type: "delete_message", id: his }, "too_late"],
    ["host", { type: "edit_message", id: hers, message: "late" }, "too_late"],
    ["author", { type: "react", id: full, emoji: "🦉", on: true }, "invalid_frame"],
  ];
}

for (const [engine, count] of PLACES) {
  const place = count === 1 ? "one service" : `${count} services over ${engine}`;
  engineTest(
    `What may not be done to messages is refused by ${place}, with its reason, and leaves no trace`,
    NEEDS[engine],
    async () => {
      await using ensemble = await startEnsemble(engine, count, CONFIG);
      const [here, there = here, third = here] = ensemble.services;
      const ada = await member(here.url, "ada");
      await using host = await ada.enter(ROOM, "?events=1");
      const browser = new Visitor(there.url);
      await browser.ask("GET", "/chat/lobby/");
      await using author = await browser.enter(ROOM, "?username=bo&events=1");
      await using guest = await Client.enter(third.url, ROOM, "?username=cy&events=1");
      await using elsewhere = await ada.enter("other", "?events=1");
      const who = { host, author, guest };

      const done = async (client: Client, frame: object): Promise<string> => {
        const answer = await change(client, frame);
        assertEquals(answer.type, "ack", JSON.stringify(answer));
        return answer.id;
      };
      const hers = (await host.say("hers")).id;
      const his = (await author.say("his")).id;
      const full = (await guest.say("full")).id;
      const gone = (await author.say("gone")).id;
      const erased = await backend(here.url).ask("POST", `/api/rooms/${ROOM}/messages`, {
        message: "erased",
        username: "dan",
      });
      for (const client of [host, author, guest]) {
        await client.next("chat_message", ({ id }) => id === erased.body.id);
      }
      await done(host, { type: "delete_message", id: gone });
      const entry = await done(guest, { type: "react", id: hers, emoji: "👍", on: true });
      const texts = Array.from({ length: 18 }, (_, index) => `pin ${index}`);
      const [more] = await Promise.all([
        Promise.all(texts.map((message) => done(host, { type: "chat_message", message }))),
        Promise.all(EMOJI.map((emoji) => done(guest, { type: "react", id: full, emoji, on: true }))),
      ]);
      const pinned = [hers, full, ...more];
      await Promise.all(pinned.map((id) => done(host, { type: "pin_message", id, on: true })));
      await backend(here.url).ask("DELETE", "/api/people/dan/messages");
      for (const client of [host, author, guest]) {
        await client.until((frames) =>
          frames.some(({ type, messages }) => type === "pins" && messages.length === pinned.length) &&
          frames.some(({ type, id }) => type === "message_deleted" && id === erased.body.id)
        );
      }
      const before = await readHistory(here.url, ROOM);
      // What is pinned may be told twice.
      const told = (client: Client): Set<string> =>
        new Set(client.frames.flatMap((frame) => CHANGED.has(frame.type) ? [JSON.stringify(frame)] : []));
      const toldBefore = Object.values(who).map(told);

      const nothing = {
        unknown: "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        future: "7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
        empty: "",
        nonsense: "../../etc/passwd",
        deleted: gone,
        erased: erased.body.id,
        // Of the same room, but no message.
        entry,
        elsewhere: (await elsewhere.say("elsewhere")).id,
      };
      for (const [name, frame, code] of refused({ hers, his, full, nothing })) {
        const client = who[name];
        const read = client.all("error").length;
        const sent = typeof frame === "string" ? frame : { client_id: crypto.randomUUID(), ...frame };
        client.send(sent);
        await client.until((frames) => frames.filter(({ type }) => type === "error").length > read);
        const answer = client.all("error")[read];
        const what = `${name} ${JSON.stringify(frame).slice(0, 200)}`;
        assertEquals([answer.code, typeof answer.error], [code, "string"], what);
        if (typeof sent === "string" || !isChange(sent)) continue;
        assertEquals(answer.client_id, typeof sent.client_id === "string" ? sent.client_id : undefined, what);
      }

      // Everybody is still there, and nobody was told of anything.
      await guest.say("after all that");
      for (const client of Object.values(who)) {
        await client.next("chat_message", ({ message }) => message === "after all that");
      }
      assertEquals(Object.values(who).map(told), toldBefore);
      for (const { url } of ensemble.services) {
        const recorded = ({ recorded: _, ...message }: Frame): unknown => message;
        assertEquals((await readHistory(url, ROOM)).slice(0, -1).map(recorded), before.map(recorded));
      }
    },
  );
}
