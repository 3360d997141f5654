/** What every engine that brings posts from one service to the others has to make possible. */
import { assert, assertEquals } from "@std/assert";
import { Client, type Frame } from "../support/client.ts";
import { engineTest } from "../support/servers.ts";
import { type EngineName, type Ensemble, NEEDS, startEnsemble } from "../support/ensemble.ts";
import { readHistory } from "../support/service.ts";

for (const engine of ["BroadcastChannel", "KV", "Redis"] as const) {
  contract(
    engine,
    "brings every message to all members everywhere, each once, in one order",
    3,
    async ({ services }) => {
      const members = await enterEach(services);
      for (let i = 0; i < 100; i++) {
        for (const [at, member] of members.entries()) {
          member.send({ type: "chat_message", message: `${at} ${i}`, client_id: `${at} ${i}` });
        }
      }
      await Promise.all(members.map((member) => member.until(() => messages(member).length === 300)));
      await Promise.all(members.map((member) => member.until(() => member.all("ack").length === 100)));
      const [first, ...others] = members.map((member) => messages(member).map(({ id }) => id));
      assertEquals(new Set(first).size, 300);
      for (const other of others) assertEquals(other, first);
      const seqs = messages(members[0]).map(({ seq }) => seq);
      assertEquals(seqs, [...seqs].sort());
      for (const { url } of services) {
        assertEquals((await readHistory(url, "lobby")).map(({ id }) => id), first);
      }
      await leave(members);
    },
  );

  contract(engine, "takes a message that is sent again elsewhere as the same", 2, async ({ services }) => {
    const [ada, bo] = await Promise.all(
      services.map(({ url }) => Client.enter(url, "lobby", "?username=ada")),
    );
    const first = await ada.say("hi", "1");
    const again = await bo.say("hi", "1");
    assertEquals([again.id, again.timestamp], [first.id, first.timestamp]);
    await bo.say("end");
    await bo.next("chat_message", ({ message }) => message === "end");
    assertEquals(messages(bo).map(({ message }) => message), ["hi", "end"]);
    await leave([ada, bo]);
  });

  contract(
    engine,
    "says in a room what a backend posts elsewhere, and answers it",
    2,
    async ({ services }) => {
      const ada = await Client.enter(services[0].url, "lobby", "?username=ada");
      const response = await fetch(`${services[1].url}/api/rooms/lobby/messages`, {
        method: "POST",
        headers: { authorization: "Bearer a-token-for-tests-only", "content-type": "application/json" },
        body: JSON.stringify({ message: "from afar" }),
      });
      const posted = await response.json();
      assertEquals(response.status, 201);
      const { id, seq } = await ada.next("chat_message");
      assertEquals([posted.id, posted.seq], [id, seq]);
      await leave([ada]);
    },
  );

  contract(
    engine,
    "tells everywhere who is here, comes, types, and leaves the last place",
    3,
    async ({ services }) => {
      const [one, two, three] = services.map(({ url }) => url);
      const ada = await Client.enter(one, "lobby", "?username=ada");
      await ada.next("online_users");
      const bo = await Client.enter(two, "lobby", "?username=bo");
      await ada.next("user_join", ({ user }) => user === "bo");
      await bo.until((frames) => frames.some(({ type, count }) => type === "online_users" && count === 2));
      const boAgain = await Client.enter(three, "lobby", "?username=bo");
      await boAgain.until((frames) =>
        frames.some(({ type, count }) => type === "online_users" && count === 2)
      );
      boAgain.send({ type: "typing" });
      assertEquals((await ada.next("user_typing")).user, "bo");
      await boAgain.close();
      await bo.say("still here");
      assertEquals(ada.all("user_leave"), []);
      await bo.close();
      assertEquals((await ada.next("user_leave")).user, "bo");
      assertEquals((await ada.next("online_users")).users, ["ada"]);
      await leave([ada]);
    },
  );

  contract(
    engine,
    "tells everywhere what stands in the sheet, and writes each row once",
    3,
    async ({ services }) => {
      const members = await enterEach(services);
      const ids: string[] = [];
      for (const member of members) {
        for (let i = 0; i < 40; i++) ids.push((await member.say(`m${i}`)).id);
      }
      for (const member of members) {
        await member.until(() =>
          new Set(member.all("recorded").flatMap(({ ids }) => ids)).size === ids.length
        );
      }
      const rows = (await services[0].rows()).slice(1).map((row) => row[4]);
      assertEquals(rows, ids);
      const late = await Client.enter(services[2].url, "lobby");
      assert(late.all("history")[0].messages.every(({ recorded }: Frame) => recorded));
      await leave([...members, late]);
    },
  );

  contract(
    engine,
    "misses nothing, doubles nothing and keeps the order though posts get lost",
    3,
    async (ensemble) => {
      const members = await enterEach(ensemble.services);
      const disturbing = ensemble.disturb();
      const sending = members.map((member, at) => sendAll(member, at, 150));
      await Promise.all([disturbing, ...sending]);
      await Promise.all(members.map((member) => member.until(() => messages(member).length >= 450)));
      const [first, ...others] = members.map((member) => messages(member).map(({ id }) => id));
      assertEquals([first.length, new Set(first).size], [450, 450]);
      for (const other of others) assertEquals(other, first);
      await leave(members);
    },
  );

  contract(
    engine,
    "gives whoever comes back at another place all since ?after=, while others talk",
    2,
    async ({ services }) => {
      const ada = await Client.enter(services[0].url, "lobby", "?username=ada");
      const { id } = await ada.say("the last that bo saw");
      for (let i = 0; i < 300; i++) ada.send({ type: "chat_message", message: `m${i}`, client_id: `${i}` });
      await ada.until(() => ada.all("ack").length > 100);
      const bo = await Client.enter(services[1].url, "lobby", `?username=bo&after=${id}`);
      const seen = (): string[] =>
        [
          ...bo.all("history").flatMap(({ messages }) => messages),
          ...messages(bo),
        ].map(({ message }) => message);
      await bo.until(() => seen().length >= 300);
      assertEquals(seen(), Array.from({ length: 300 }, (_, i) => `m${i}`));
      await leave([ada, bo]);
    },
  );

  contract(
    engine,
    "goes on when a service stops, whichever it is, and loses nothing that was acknowledged",
    3,
    async ({ services }) => {
      for (const [i, service] of services.slice(0, 2).entries()) {
        const ada = await Client.enter(services[2].url, "lobby", "?username=ada");
        const bo = await Client.enter(service.url, "lobby", "?username=bo");
        for (let n = 0; n < 100; n++) {
          for (const member of [ada, bo]) {
            member.send({ type: "chat_message", message: `${i} ${n}`, client_id: `${i} ${n}` });
          }
        }
        await bo.next("ack");
        await Promise.all([service.stop(), bo.closed]);
        await sendAll(ada, i, 100);
        const acknowledged = [...ada.all("ack"), ...bo.all("ack")].map(({ id }) => id);
        await ada.until(() => {
          const seen = new Set(messages(ada).map(({ id }) => id));
          return acknowledged.every((id) => seen.has(id));
        });
        const ids = messages(ada).map(({ id }) => id);
        assertEquals(new Set(ids).size, ids.length);
        await leave([ada]);
      }
    },
  );
}

function contract(
  engine: EngineName,
  promise: string,
  count: number,
  act: (ensemble: Ensemble) => Promise<void>,
): void {
  engineTest(`FanOut through ${engine} ${promise}`, NEEDS[engine], async () => {
    await using ensemble = await startEnsemble(engine, count);
    await act(ensemble);
  });
}

function enterEach(services: Ensemble["services"]): Promise<Client[]> {
  return Promise.all(
    services.map(({ url }, i) => Client.enter(url, "lobby", `?username=u${i}${i % 2 ? "&batch=1" : ""}`)),
  );
}

function messages(client: Client): Frame[] {
  return client.all("chat_message");
}

/** Sends messages until each is acknowledged: again what could not be stored. */
async function sendAll(member: Client, at: number, count: number): Promise<void> {
  const send = (id: string): void => member.send({ type: "chat_message", message: id, client_id: id });
  for (let i = 0; i < count; i++) send(`${at} ${i}`);
  let read = 0;
  await member.until((frames) => {
    for (; read < frames.length; read++) {
      if (frames[read].type === "error") send(frames[read].client_id);
    }
    const acknowledged = new Set(member.all("ack").map(({ client_id }) => client_id));
    return Array.from({ length: count }, (_, i) => `${at} ${i}`).every((id) => acknowledged.has(id));
  });
}

async function leave(members: readonly Client[]): Promise<void> {
  await Promise.all(members.map((member) => member.close()));
}
