/** What hosts decide holds for members of every isolate and machine. */
import { assertEquals } from "@std/assert";
import { member } from "../support/cast.ts";
import type { Client, Frame } from "../support/client.ts";
import { NEEDS, startEnsemble } from "../support/ensemble.ts";
import { engineTest } from "../support/servers.ts";
import { Visitor } from "../support/visitor.ts";

const personOf = (client: Client): string => client.all("welcome")[0].person;

/** Sends until the answer is of this kind: rules that were changed elsewhere come within seconds. */
async function until(client: Client, isWanted: (answer: Frame) => boolean): Promise<Frame> {
  for (;;) {
    const id = crypto.randomUUID();
    client.send({ type: "chat_message", message: "a test", client_id: id });
    await client.until((frames) => frames.some(({ client_id }) => client_id === id));
    const answer = client.frames.find(({ client_id }) => client_id === id);
    if (answer && isWanted(answer)) return answer;
  }
}

for (const engine of ["BroadcastChannel", "KV", "Redis"] as const) {
  engineTest(
    `Hosts over ${engine} mute, approve and ban in every process, and invitations hold there, too`,
    NEEDS[engine],
    async () => {
      await using ensemble = await startEnsemble(engine, 3);
      const [here, there, third] = ensemble.services;
      const ada = await member(here.url, "ada");
      await ada.ask("POST", "/api/rooms", { room: "class", private: true });
      await using own = await ada.enter("class", "?events=1");
      const { body: invite } = await ada.ask("POST", "/api/rooms/class/invites", {});
      const enter = (url: string, name: string) =>
        new Visitor(url).enter("class", `?events=1&username=${name}&invite=${invite.code}`);
      const bo = await enter(there.url, "bo");
      const cy = await enter(third.url, "cy");
      await cy.say("from afar");
      await own.until((frames) =>
        frames.some(({ type, users }) => type === "online_users" && users.includes("bo")) &&
        frames.some(({ type }) => type === "chat_message")
      );

      const mute = `/api/rooms/class/members/${personOf(bo)}/mute`;
      assertEquals((await ada.ask("POST", mute, { minutes: 5 })).status, 200);
      await until(bo, ({ code }) => code === "muted");
      assertEquals((await ada.ask("DELETE", mute)).status, 200);
      await until(bo, ({ type }) => type === "ack");

      await ada.ask("PATCH", "/api/rooms/class", { approval: true });
      const { id } = await until(bo, ({ type }) => type === "pending");
      await own.next("pending_message", (frame) => frame.id === id);
      const { body: approved } = await ada.ask("POST", `/api/rooms/class/pending/${id}`, { approve: true });
      await cy.next("chat_message", (message) => message.id === approved.id);
      assertEquals((await bo.next("pending_decided")).message_id, approved.id);

      assertEquals((await ada.ask("POST", "/api/rooms/class/bans", { member: personOf(bo) })).status, 201);
      assertEquals((await bo.closed).code, 4003);
      await ada.ask("DELETE", `/api/rooms/class/invites/${invite.id}`);
      assertEquals((await cy.closed).code, 4003);
      const again = new Visitor(there.url).socket("class", `?username=bo&invite=${invite.code}`);
      assertEquals((await again.closed).code, 4003);
    },
  );
}
