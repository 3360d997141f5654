import { assertEquals, assertThrows } from "@std/assert";
import { FrameError } from "../../rooms/protocol.ts";
import { guest, type User } from "../../rooms/user.ts";
import { ChatLimits, type FrameLimits, TooManyFramesError } from "../../routes/sockets/chat_limits.ts";

const ada: User = { id: "ada", name: "Ada", isGuest: false, role: "user" };
const HERE = "192.0.2.1";

function say(limits: FrameLimits, message = "Hi"): string {
  return limits.decode(JSON.stringify({ type: "chat_message", message })).type;
}

/** Says a message until it is refused; the number of those that were not. */
function saidBeforeRefusal(next: () => FrameLimits, message?: string): number {
  for (let count = 0;; count++) {
    try {
      say(next(), message);
    } catch (error) {
      assertEquals(error instanceof FrameError && error.code, "rate_limited");
      return count;
    }
  }
}

Deno.test("ChatLimits counts an account's messages over all its connections", () => {
  const limits = new ChatLimits(5);
  assertEquals(saidBeforeRefusal(() => limits.of(ada, HERE)), 5);
});

Deno.test("ChatLimits counts messages of guests by their address too, long ones several times", () => {
  const newGuest = (limits: ChatLimits) => () => limits.of(guest("Bo", undefined), HERE);
  assertEquals(saidBeforeRefusal(newGuest(new ChatLimits(5))), 20);
  assertEquals(saidBeforeRefusal(newGuest(new ChatLimits(5)), "x".repeat(1_000)), 6);
});

Deno.test("ChatLimits ends a connection that sends more than ten frames for each message it may send", () => {
  const connection = new ChatLimits(1).of(ada, HERE);
  for (let i = 0; i < 10; i++) assertThrows(() => connection.decode("{"), FrameError);
  assertThrows(() => connection.decode("{"), TooManyFramesError);
});

Deno.test("ChatLimits of 0 let everything through", () => {
  const connection = new ChatLimits(0).of(guest("Bo", undefined), HERE);
  for (let i = 0; i < 1_000; i++) assertEquals(say(connection), "chat_message");
});
