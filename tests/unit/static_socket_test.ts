import { assert, assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { UnsentMessages } from "../../static/room/connection/unsent_messages.js";
import { RoomSocket } from "../../static/room/connection/room_socket.js";
import { memoryStorage } from "../../static/shared/storage.js";

/** The server's end of a connection, played by the test. */
class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly sent: Record<string, string>[] = [];
  readonly url: URL;
  isClosed = false;

  constructor(url: URL) {
    this.url = url;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.isClosed = true;
  }

  open(messages: object[] = [], more = false): void {
    this.onopen?.();
    this.says({ type: "history", messages, more });
  }

  says(...frames: object[]): void {
    this.onmessage?.({ data: JSON.stringify(frames) });
  }

  ends(code: number, reason = ""): void {
    this.onclose?.({ code, reason });
  }
}

interface Scene {
  socket: RoomSocket;
  unsentMessages: UnsentMessages;
  time: FakeTime;
  server: FakeSocket[];
  events: string[];
}

/**
 * Registers a test with a socket of ada's that has begun to connect to a server played by the test. `written`
 * is what the page finds unsent: by whom, and the text.
 */
function socketTest(name: string, act: (scene: Scene) => void, written: [string, string][] = []): void {
  Deno.test(name, () => {
    using time = new FakeTime(0);
    const server: FakeSocket[] = [];
    const unsentMessages = new UnsentMessages(memoryStorage(), "lobby");
    for (const [username, text] of written) unsentMessages.add({ text, username });
    const socket = new RoomSocket({
      url: new URL("ws://127.0.0.1/ws/chat/lobby/"),
      username: "ada",
      unsentMessages,
      open: (url) => server[server.push(new FakeSocket(url)) - 1] as unknown as WebSocket,
      random: () => 0.5,
    });
    const events: string[] = [];
    socket.on("messages", ({ messages, from }) => events.push(`${from} ${messages.map(({ id }) => id)}`));
    socket.on("unsent", ({ text, failure }) => events.push(`unsent ${text} ${failure ?? ""}`.trim()));
    socket.on("settled", ({ id }) => events.push(`settled ${id ?? ""}`.trim()));
    socket.connect();
    act({ socket, unsentMessages, time, server, events });
    socket.close();
  });
}

const message = (id: string, recorded = true) => ({
  type: "chat_message",
  id,
  seq: id,
  username: "bo",
  message: id,
  timestamp: "2026-01-02T03:04:05.678Z",
  ...(recorded && { recorded }),
});

socketTest(
  "RoomSocket asks for batches, and on return for what came after the last message",
  ({ server, time }) => {
    server[0].open([message("1"), message("2")]);
    server[0].ends(1006);
    time.tick(1_000);
    assertEquals(server[0].url.search, "?username=ada&batch=1");
    assertEquals(server[1].url.searchParams.get("after"), "2");
  },
);

socketTest("RoomSocket resumes before the first message whose row is open", ({ server, time }) => {
  server[0].open([message("1"), message("2", false), message("3")], true);
  server[0].ends(1006);
  time.tick(1_000);
  assertEquals(server[1].url.searchParams.get("after"), "1");
  server[1].open();
  server[1].says({ type: "recorded", ids: ["2"] });
  server[1].ends(1006);
  time.tick(2_000);
  assertEquals(server[2].url.searchParams.get("after"), "3");
});

socketTest(
  "RoomSocket resumes before a room's very first message while its row is open",
  ({ server, time }) => {
    server[0].open([message("1", false)]);
    server[0].ends(1006);
    time.tick(1_000);
    assertEquals(server[1].url.searchParams.get("after"), "0".repeat(26));
  },
);

socketTest("RoomSocket never resumes past a gap that wasn't filled", ({ server, time }) => {
  server[0].open([message("1")]);
  server[0].ends(1006);
  time.tick(1_000);
  server[1].onopen?.();
  server[1].says({ type: "history", messages: [message("2")], more: true }, message("9"));
  server[1].ends(1006);
  time.tick(2_000);
  assertEquals(server[2].url.searchParams.get("after"), "2");
});

socketTest(
  "RoomSocket tells the first history, a gap and older messages apart",
  ({ socket, server, events, time }) => {
    server[0].open([message("5")], true);
    socket.askOlder("5");
    socket.askOlder("5");
    assertEquals(server[0].sent, [{ type: "history", before: "5", limit: 50 } as never]);
    server[0].says({ type: "history", messages: [message("4")], more: false });
    server[0].says(message("6"));
    server[0].ends(1006);
    time.tick(1_000);
    server[1].open([message("7")]);
    assertEquals(events, ["latest 5", "older 4", "live 6", "gap 7"]);
  },
);

socketTest("RoomSocket hands on together what came together, to be drawn once", ({ server, events }) => {
  server[0].open();
  server[0].says(message("1"), message("2"), { type: "user_typing", user: "bo" }, message("3"));
  assertEquals(events, ["latest ", "live 1,2", "live 3"]);
});

socketTest(
  "RoomSocket backs off from 1 s to 30 s and starts anew after a success",
  ({ server, time, socket }) => {
    const waits = Array.from({ length: 7 }, () => {
      const before = Date.now();
      server[server.length - 1].ends(1006);
      const { retryAt = 0 } = socket.connection;
      time.tick(retryAt - before);
      return retryAt - before;
    });
    assertEquals(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    server[server.length - 1].open();
    server[server.length - 1].ends(1006);
    assertEquals((socket.connection.retryAt ?? 0) - Date.now(), 1_000);
  },
);

socketTest("RoomSocket waits as long as a restarting service asks for", ({ server, socket }) => {
  server[0].ends(1012, `{"retry_after_ms":2500}`);
  const { state, retryAt } = socket.connection;
  assertEquals([state, retryAt], ["waiting", 2_500]);
});

socketTest("RoomSocket tells why it waits, where there were too many of something", ({ server, socket }) => {
  server[0].ends(4008, "Too many connections of this user");
  const { state, code, reason } = socket.connection;
  assertEquals([state, code, reason], ["waiting", 4008, "Too many connections of this user"]);
});

for (const reason of ["This room is closed", "This room is private"]) {
  socketTest(`RoomSocket tries a room again that may be opened: ${reason}`, ({ server, socket, time }) => {
    server[0].ends(4003, reason);
    time.tick(29_000);
    assertEquals([socket.connection.state, server.length], ["refused", 1]);
    time.tick(2_000);
    assertEquals([socket.connection.state, server.length], ["connecting", 2]);
    server[1].ends(4003, reason);
    // Whoever looks at the page needn't wait.
    socket.connect();
    assertEquals(server.length, 3);
    server[2].open();
    time.tick(29_000);
    assertEquals([socket.connection.state, server.length], ["open", 3]);
  });
}

socketTest(
  "RoomSocket brings whoever was removed back when they ask for it, and not before",
  ({ server, socket, time }) => {
    server[0].ends(4003, "You were removed from this room");
    time.tick(600_000);
    socket.connect();
    assertEquals(server.length, 1);
    socket.tryAgain();
    assertEquals(server.length, 2);
  },
);

socketTest("RoomSocket says until when it waits when it was too fast", ({ server, socket }) => {
  const paused: number[] = [];
  socket.on("paused", (until) => paused.push(until));
  server[0].open();
  socket.sendMessage("one");
  const { client_id } = server[0].sent[0];
  server[0].says({ type: "error", code: "rate_limited", client_id, retry_after_ms: 12_000 });
  assertEquals(paused, [Date.now() + 12_000]);
});

socketTest("RoomSocket tries no more once it is refused", ({ server, socket, time }) => {
  server[0].ends(4001);
  time.tick(600_000);
  socket.connect();
  assertEquals([socket.connection, server.length], [{ state: "refused", code: 4001, reason: "" }, 1]);
});

socketTest("RoomSocket believes what the server said before a close without a code", ({ server, socket }) => {
  server[0].onopen?.();
  server[0].says({ type: "closing", code: 4003, reason: "This room is private" });
  assertEquals(socket.connection, { state: "open" });
  server[0].ends(1006);
  assertEquals(socket.connection, { state: "refused", code: 4003, reason: "This room is private" });
});

socketTest("RoomSocket sends one message at a time, in order", ({ socket, server, events }) => {
  server[0].open();
  socket.sendMessage("one");
  socket.sendMessage("two");
  assertEquals(server[0].sent.map((frame) => frame.message), ["one"]);
  server[0].says({ type: "ack", client_id: server[0].sent[0].client_id, id: "1" });
  assertEquals(server[0].sent.map((frame) => frame.message), ["one", "two"]);
  assertEquals(events, ["latest ", "unsent one", "unsent two", "settled 1"]);
});

socketTest("RoomSocket sends again, by the same id, what wasn't acknowledged", ({ socket, server, time }) => {
  server[0].open();
  socket.sendMessage("one");
  server[0].ends(1006);
  time.tick(1_000);
  server[1].open();
  assertEquals(server[1].sent, server[0].sent);
});

socketTest(
  "RoomSocket drops a connection that answers nothing for ten seconds",
  ({ socket, server, time }) => {
    server[0].open();
    socket.sendMessage("one");
    time.tick(9_999);
    assert(!server[0].isClosed);
    time.tick(1);
    assert(server[0].isClosed);
    assertEquals(socket.connection.state, "waiting");
  },
);

socketTest("RoomSocket asks every 30 s whether the server is there", ({ server, time, socket, events }) => {
  server[0].open();
  for (const count of [1, 2, 3]) {
    time.tick(30_000);
    assertEquals(server[0].sent.map(({ type }) => type), Array(count).fill("ping"));
    server[0].says({ type: "pong" });
  }
  time.tick(9_999);
  assertEquals([socket.connection.state, events], ["open", ["latest "]]);
});

socketTest("RoomSocket takes ten seconds of silence after a ping for a loss", ({ server, time, socket }) => {
  server[0].open();
  time.tick(30_000 + 9_999);
  assertEquals(socket.connection.state, "open");
  time.tick(1);
  assert(server[0].isClosed);
  assertEquals(socket.connection.state, "waiting");
  time.tick(60_000);
  assertEquals(server[0].sent.length, 1);
});

socketTest("RoomSocket takes whatever it hears for a sign of life", ({ server, time, socket }) => {
  server[0].open();
  time.tick(30_000 + 9_000);
  server[0].says(message("1"));
  time.tick(9_000);
  assertEquals(socket.connection.state, "open");
});

socketTest(
  "RoomSocket pings at once on waking up, and waits no longer the more often it is woken",
  ({ server, time, socket }) => {
    server[0].open();
    for (let second = 0; second < 10; second++) {
      socket.wake();
      time.tick(1_000);
    }
    assertEquals(server[0].sent.length, 1);
    assertEquals(socket.connection.state, "waiting");
    socket.wake();
    assertEquals([server.length, socket.connection.state], [2, "connecting"]);
  },
);

socketTest(
  "RoomSocket waits ten seconds for an ack, whatever it hears meanwhile",
  ({ server, time, socket }) => {
    server[0].open();
    socket.sendMessage("one");
    time.tick(6_000);
    socket.wake();
    server[0].says({ type: "pong" });
    time.tick(4_000);
    assertEquals(socket.connection.state, "waiting");
  },
);

socketTest(
  "RoomSocket waits quietly when the server asks to slow down",
  ({ socket, server, time, events }) => {
    server[0].open();
    socket.sendMessage("one");
    const { client_id } = server[0].sent[0];
    server[0].says({ type: "error", code: "rate_limited", client_id, retry_after_ms: 600 });
    socket.sendMessage("two");
    assertEquals(server[0].sent.length, 1);
    time.tick(600);
    assertEquals(server[0].sent.map((frame) => frame.message), ["one", "one"]);
    assertEquals(events, ["latest ", "unsent one", "unsent two"]);
  },
);

socketTest(
  "RoomSocket keeps a refused message until its author decides",
  ({ socket, server, unsentMessages, events }) => {
    server[0].open();
    socket.sendMessage("one");
    const { client_id } = server[0].sent[0];
    server[0].says({ type: "error", code: "too_long", client_id });
    assertEquals(unsentMessages.all().map(({ text, failure }) => [text, failure]), [["one", "too_long"]]);
    socket.retry(client_id);
    assertEquals(server[0].sent.length, 2);
    server[0].says({ type: "error", code: "too_long", client_id });
    assertEquals(socket.takeBack(client_id)?.text, "one");
    assertEquals(unsentMessages.all(), []);
    assertEquals(events.slice(2), ["unsent one too_long", "unsent one", "unsent one too_long", "settled"]);
  },
);

socketTest(
  "RoomSocket blames the message on its way when a frame was too large",
  ({ socket, server, unsentMessages }) => {
    server[0].open();
    socket.sendMessage("one");
    server[0].ends(1009);
    assertEquals(unsentMessages.all()[0].failure, "too_long");
  },
);

socketTest("RoomSocket says at most every 2.5 s that someone is typing", ({ socket, server, time }) => {
  server[0].onopen?.();
  socket.sendTyping();
  socket.sendTyping();
  time.tick(2_500);
  socket.sendTyping();
  assertEquals(server[0].sent.map((frame) => frame.type), ["typing", "typing"]);
});

socketTest(
  "RoomSocket sends what was written under a former name without waiting for that name",
  ({ server, events }) => {
    assertEquals(server[0].url.searchParams.get("username"), "ada");
    server[0].open([message("1")]);
    server[0].says({ type: "ack", client_id: server[0].sent[0].client_id, id: "2" });
    assertEquals(server[0].sent.map((frame) => frame.message), ["one", "two"]);
    assertEquals([server.length, events], [1, ["latest 1", "settled 2"]]);
  },
  [["edge", "one"], ["ada", "two"]],
);

socketTest(
  "RoomSocket comes back at once under another name, and knows what the room made of it",
  ({ server, socket }) => {
    server[0].says({ type: "welcome", person: "p1", username: "ada 2" });
    server[0].open([message("1")]);
    assertEquals([socket.person, socket.username], ["p1", "ada 2"]);
    socket.rename("Ada L.");
    assertEquals([server[0].isClosed, server[1].url.searchParams.get("username")], [true, "Ada L."]);
    assertEquals(server[1].url.searchParams.get("after"), "1");
    server[1].says({ type: "welcome", person: "p1", username: "Ada L." });
    server[1].open();
    server[1].says({ type: "user_renamed", person: "p2", from: "bo", to: "Bo" });
    assertEquals(socket.username, "Ada L.");
  },
);

socketTest(
  "RoomSocket takes an approved message for its own acknowledgement, live and on return, whatever else comes when",
  ({ socket, server, events, unsentMessages, time }) => {
    server[0].onopen?.();
    server[0].says({ type: "welcome", person: "me", username: "ada" }, { type: "history", messages: [] });
    for (const text of ["one", "two"]) {
      socket.sendMessage(text);
      server[0].says({ type: "pending", client_id: server[0].sent.at(-1)?.client_id });
    }
    const [one, two] = unsentMessages.all().map(({ clientId }) => clientId);
    events.length = 0;
    const approved = (id: string, person: string, client_id: string) => ({
      ...message(id),
      person,
      client_id,
    });
    server[0].says(approved("1", "other", two), approved("2", "me", one));
    server[0].says({ type: "pending", client_id: one });
    server[0].says({ type: "pending_decided", client_id: one, approved: true, message_id: "2" });
    server[0].ends(1006);
    time.tick(1_000);
    server[1].open([approved("3", "me", two)]);
    assertEquals(events, ["settled 2", "live 1,2", "settled 3", "gap 3"]);
    assertEquals([unsentMessages.all(), server[1].sent], [[], []]);
  },
);
