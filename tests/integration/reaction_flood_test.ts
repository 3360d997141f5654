/** Ten thousand reactions to one message, by people and by a machine. */
import { assert, assertEquals } from "@std/assert";
import { change } from "../support/changes.ts";
import { Client, type Frame } from "../support/client.ts";
import { readHistory, startService } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const EMOJI = ["👍", "❤️", "😂", "😮", "😢", "🙏", "🎉", "🔥", "👏", "🤔", "👀", "💯"];
const PEOPLE = 20;
const ROUNDS = 500;

Deno.test("10,000 reactions to one message leave its true state with everybody, and stop nobody's words", async () => {
  await using service = await startService({ rateMessagesPerMinute: 0, maxConnectionsPerIp: 100 });
  await using reader = await Client.enter(service.url, "lobby", "?username=reader&batch=1");
  await using host = await Client.enter(service.url, "lobby", "?username=host");
  const { id } = await host.say("react to this");
  const people = await Promise.all(
    Array.from(
      { length: PEOPLE },
      (_, i) => new Visitor(service.url).enter("lobby", `?username=p${i}&events=1`),
    ),
  );
  await Promise.all(people.map(async (person, i) => {
    // Each turns reactions on and off, and ends with every second one on.
    for (let round = 0; round < ROUNDS; round++) {
      const emoji = EMOJI[(round + i) % EMOJI.length];
      const isLast = round >= ROUNDS - EMOJI.length;
      const on = isLast ? EMOJI.indexOf(emoji) % 2 === 0 : round % 2 === 0;
      const answer = await change(person, { type: "react", id, emoji, on });
      assert(answer.type === "ack", JSON.stringify(answer));
    }
  }));
  const refused = await change(people[0], { type: "react", id, emoji: "🦉🦉", on: true });
  assertEquals(refused.code, "invalid_frame");
  const thirteenth: string[] = [];
  for (const emoji of [...EMOJI, "🦉"]) {
    const answer = await change(people[1], { type: "react", id, emoji, on: true });
    if (answer.type === "error") thirteenth.push(`${emoji} ${answer.code}`);
  }
  assertEquals(thirteenth, ["🦉 invalid_frame"]);
  await host.say("heard");
  await reader.next("chat_message", ({ message }) => message === "heard");
  const [message] = await readHistory(service.url, "lobby");
  const counts = (reactions: Frame[]) =>
    Object.fromEntries(reactions.map(({ emoji, count }) => [emoji, count]));
  const expected = Object.fromEntries(EMOJI.map((emoji, i) => [emoji, i % 2 === 0 ? PEOPLE : 1]));
  assertEquals(counts(message.reactions), expected);
  const last = reader.all("reactions").at(-1);
  assert(last);
  assertEquals(counts(last.reactions), expected);
  await Promise.all(people.map((person) => person.close()));
});
