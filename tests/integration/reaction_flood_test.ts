/** Ten thousand reactions to one message, by people and by a machine, of one service and of three. */
import { assertEquals } from "@std/assert";
import { change } from "../support/changes.ts";
import { Client, type Frame } from "../support/client.ts";
import { NEEDS, startEnsemble } from "../support/ensemble.ts";
import { engineTest } from "../support/servers.ts";
import { readHistory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const EMOJI = ["👍", "❤️", "😂", "😮", "😢", "🙏", "🎉", "🔥", "👏", "🤔", "👀", "💯"];
const PEOPLE = 20;
const ROUNDS = 500;
/** Reactions of one person under way: less than the service takes at once. */
const WINDOW = 5;

for (const [engine, count] of [["BroadcastChannel", 1], ["BroadcastChannel", 3], ["KV", 3]] as const) {
  const place = count === 1 ? "one service" : `${count} services over ${engine}`;
  engineTest(
    `10,000 reactions to one message at ${place} leave its true state with everybody, and stop nobody's words`,
    NEEDS[engine],
    async () => {
      await using ensemble = await startEnsemble(engine, count, { maxConnectionsPerIp: 100 });
      const urls = ensemble.services.map(({ url }) => url);
      const readers = await Promise.all(
        urls.map((url) => Client.enter(url, "lobby", "?username=reader&batch=1")),
      );
      await using host = await Client.enter(urls[0], "lobby", "?username=host");
      const { id } = await host.say("react to this");
      const people = await Promise.all(
        Array.from(
          { length: PEOPLE },
          (_, i) => new Visitor(urls[i % urls.length]).enter("lobby", `?username=p${i}`),
        ),
      );
      await Promise.all(people.map(async (person, i) => {
        // Each turns reactions on and off, and ends with every second one on.
        for (let round = 0; round < ROUNDS; round += WINDOW) {
          const answers = Array.from({ length: WINDOW }, (_, k) => {
            const emoji = EMOJI[(round + k + i) % EMOJI.length];
            const isLast = round + k >= ROUNDS - EMOJI.length;
            const on = isLast ? EMOJI.indexOf(emoji) % 2 === 0 : (round + k) % 2 === 0;
            return change(person, { type: "react", id, emoji, on });
          });
          for (const answer of await Promise.all(answers)) {
            assertEquals(answer.type, "ack", JSON.stringify(answer));
          }
        }
      }));
      const expected = Object.fromEntries(EMOJI.map((emoji, i) => [emoji, i % 2 === 0 ? PEOPLE : 1]));
      for (const emoji of EMOJI) {
        assertEquals((await change(people[1], { type: "react", id, emoji, on: true })).type, "ack");
      }
      const beside = readers[1 % readers.length];
      const state = (reader: Client): string => JSON.stringify(counts(reader.all("reactions").at(-1)));
      await beside.until(() => state(beside) === JSON.stringify(expected));
      const thirteenth = await change(people[1], { type: "react", id, emoji: "🦉", on: true });
      assertEquals(thirteenth.code, "invalid_frame");

      await host.say("heard");
      for (const [i, reader] of readers.entries()) {
        await reader.next("chat_message", ({ message }) => message === "heard");
        assertEquals(counts((await readHistory(urls[i], "lobby"))[0]), expected);
        await reader.until(() => state(reader) === JSON.stringify(expected));
      }
      await Promise.all([...people, ...readers].map((client) => client.close()));
    },
  );
}

/** How many people gave each emoji, in one order. */
function counts(told: Frame | undefined): Record<string, unknown> {
  const given = new Map(told?.reactions.map(({ emoji, count }: Frame) => [emoji, count]));
  return Object.fromEntries(EMOJI.flatMap((emoji) => given.has(emoji) ? [[emoji, given.get(emoji)]] : []));
}
