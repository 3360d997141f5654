/** What people do to messages, where members are served by several isolates or machines. */
import { assertEquals } from "@std/assert";
import { member, PASSWORD } from "../support/cast.ts";
import { change } from "../support/changes.ts";
import { Client, type Frame } from "../support/client.ts";
import { NEEDS, startEnsemble } from "../support/ensemble.ts";
import { engineTest } from "../support/servers.ts";
import { Visitor } from "../support/visitor.ts";

for (const engine of ["BroadcastChannel", "KV", "Redis"] as const) {
  engineTest(
    `Entries over ${engine} reach the members of three services in one order, and leave one state`,
    NEEDS[engine],
    async () => {
      await using ensemble = await startEnsemble(engine, 3);
      const [first, second, third] = ensemble.services;
      const ada = await member(first.url, "ada");
      await using own = await ada.enter("team", "?events=1");
      const phone = await Visitor.signedIn(second.url, "ada", PASSWORD);
      await using far = await phone.enter("team", "?events=1");
      await using bo = await Client.enter(third.url, "team", "?username=bo&events=1");
      const { id } = await own.say("helo");
      const { id: other } = await bo.say("bye");
      for (const client of [own, far, bo]) await client.next("chat_message", (frame) => frame.id === other);
      const changes: [Client, object][] = [
        [far, { type: "edit_message", id, message: "hello" }],
        [bo, { type: "react", id, emoji: "👍", on: true }],
        [own, { type: "react", id, emoji: "👍", on: true }],
        [far, { type: "react", id, emoji: "🎉", on: true }],
        [own, { type: "pin_message", id, on: true }],
        [far, { type: "delete_message", id: other }],
      ];
      for (const [client, frame] of changes) assertEquals((await change(client, frame)).type, "ack");
      const told = (client: Client): string[] =>
        client.frames.flatMap(({ type, seq, message_id }: Frame) =>
          ["message_edited", "reactions", "message_deleted"].includes(type)
            ? `${type} ${seq} ${message_id}`
            : []
        );
      for (const client of [own, far, bo]) {
        await client.next("message_deleted", (frame) => frame.id === other);
        await client.until((frames) => frames.some(({ type }) => type === "pins"));
      }
      assertEquals(told(own).length, 5);
      for (const client of [far, bo]) assertEquals(told(client), told(own));
      for (const { url } of ensemble.services) {
        await using late = await Client.enter(url, "team", "?username=cy&events=1");
        const [{ messages }] = late.all("history");
        assertEquals(messages.map(({ message }: Frame) => message), ["hello", ""]);
        assertEquals(messages[0].reactions.map(({ emoji, count }: Frame) => emoji + count), ["👍2", "🎉1"]);
        assertEquals((await late.next("pins")).messages[0].message, "hello");
      }
    },
  );
}
