/** What people do to messages, where members are served by several isolates or machines. */
import { assertEquals } from "@std/assert";
import { member, PASSWORD } from "../support/cast.ts";
import { change } from "../support/changes.ts";
import { Client, type Frame } from "../support/client.ts";
import { NEEDS, startEnsemble } from "../support/ensemble.ts";
import { engineTest } from "../support/servers.ts";
import { Visitor } from "../support/visitor.ts";

/** The fields of each frame that tells of a change. */
const FIELDS: Record<string, string> = {
  message_edited: "type id seq room message_id user message edited",
  message_deleted: "type room id entry_id seq",
  reactions: "type id seq room message_id reactions person emoji on",
  pins: "type id seq room messages",
};

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
      await using simple = await Client.enter(second.url, "team", "?username=dan");
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
      for (const frame of bo.frames) {
        if (frame.type in FIELDS) {
          assertEquals(Object.keys(frame).sort(), FIELDS[frame.type].split(" ").sort());
        }
      }

      // The same client id means the same change, at whichever service, and never another one or another person's.
      const party = { type: "react", id, emoji: "🎂", on: true };
      const ask = async (client: Client, frame: object): Promise<Frame> => {
        const before = client.all("ack").length;
        client.send({ ...frame, client_id: "1" });
        await client.until(() => client.all("ack").length > before);
        return client.all("ack")[before];
      };
      const acks = await Promise.all([ask(own, party), ask(far, party)]);
      acks.push(await ask(far, party), await ask(bo, party));
      acks.push(await ask(own, { ...party, emoji: "🔥" }), await ask(own, { message: "said" }));
      const ids = acks.map(({ id }) => id);
      assertEquals([new Set(ids.slice(0, 3)).size, new Set(ids).size], [1, 4]);

      // Whoever knows a message's id may act on it at once, also where its commit isn't read yet.
      for (let turn = 0; turn < 3; turn++) {
        const { id: fresh } = await own.say("fresh");
        const act = [{ type: "react", id: fresh, emoji: "👀", on: true }, {
          message: "yes",
          reply_to: fresh,
        }];
        for (const frame of act) assertEquals((await change(far, frame)).type, "ack");
        assertEquals((await change(own, { type: "delete_message", id: fresh })).type, "ack");
      }

      for (const client of [own, far, bo]) {
        await client.until(() => client.all("message_deleted").length === 4);
        await client.until(() => client.all("chat_message").filter(({ reply_to }) => reply_to).length === 3);
      }

      await simple.next("chat_message", ({ message }) => message === "said");
      assertEquals(simple.frames.filter(({ type }) => type in FIELDS || type === "welcome"), []);
      for (const { url } of ensemble.services) {
        await using late = await Client.enter(url, "team", "?username=cy&events=1");
        const [{ messages }] = late.all("history");
        assertEquals(messages.map(({ message }: Frame) => message), [
          "hello",
          "",
          "said",
          ...Array(3).fill(["", "yes"]).flat(),
        ]);
        const state = ["👍2", "🎉1", "🎂2", "🔥1"];
        const counts = ({ reactions }: Frame) => reactions.map(({ emoji, count }: Frame) => emoji + count);
        assertEquals(counts(messages[0]), state);
        assertEquals((await late.next("pins")).messages[0].message, "hello");
        await using back = await Client.enter(url, "team", `?username=cy&events=1&after=${ids[0]}`);
        const [{ changes }] = back.all("history");
        const now = changes.map((
          { type, reactions }: Frame,
        ) => [type, ...reactions ? counts({ type, reactions }) : []]);
        assertEquals(now.sort(), [...Array(3).fill(["message_deleted"]), ["reactions", ...state]]);
      }
    },
  );
}
