/** What has to hold of rooms whose members are served by several isolates or machines. */
import { assertEquals } from "@std/assert";
import { member, PASSWORD } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { engineTest } from "../support/servers.ts";
import { NEEDS, startEnsemble } from "../support/ensemble.ts";
import { Visitor } from "../support/visitor.ts";

for (const engine of ["BroadcastChannel", "KV", "Redis"] as const) {
  engineTest(
    `RoomPermissions over ${engine} hold for members everywhere: deleted, private, signed out`,
    NEEDS[engine],
    async () => {
      await using ensemble = await startEnsemble(engine, 2);
      const [here, there] = ensemble.services;
      const ada = await member(here.url, "ada");
      await using own = await ada.enter("team", "?events=1");
      await using far = await Client.enter(there.url, "team", "?username=bo&events=1");
      const ids: string[] = [];
      for (const words of ["one", "a secret", "three"]) ids.push((await far.say(words)).id);
      await own.next("chat_message", ({ message }) => message === "three");
      assertEquals((await ada.ask("DELETE", `/api/rooms/team/messages/${ids[1]}`)).status, 200);
      for (const client of [own, far]) assertEquals((await client.next("message_deleted")).id, ids[1]);
      for (const { url } of [here, there]) {
        await using late = await Client.enter(url, "team", "?username=cy");
        const { messages } = late.all("history")[0];
        assertEquals(messages.map(({ message }: { message: string }) => message), ["one", "", "three"]);
      }
      const phone = new Visitor(there.url);
      await phone.ask("POST", "/api/session", { username: "ada", password: PASSWORD });
      const socket = await phone.enter("team");
      await ada.ask("DELETE", "/api/sessions");
      assertEquals((await socket.closed).code, 4001);
      await ada.ask("PATCH", "/api/rooms/team", { private: true });
      assertEquals((await far.closed).code, 4003);
      await own.say("alone");
    },
  );
}
