/** What has to hold of notifications whose readers are served by several isolates or machines. */
import { assertEquals } from "@std/assert";
import { member } from "../support/cast.ts";
import { Client } from "../support/client.ts";
import { engineTest } from "../support/servers.ts";
import { NEEDS, startEnsemble } from "../support/ensemble.ts";
import { counted, inboxOf, notify, openInbox } from "../support/inbox.ts";
import { Visitor } from "../support/visitor.ts";

for (const engine of ["BroadcastChannel", "KV", "Redis"] as const) {
  engineTest(
    `Notifications over ${engine} reach every connection once, and are read everywhere, though posts get lost`,
    NEEDS[engine],
    async () => {
      await using ensemble = await startEnsemble(engine, 3);
      const urls = ensemble.services.map(({ url }) => url);
      const ada = await member(urls[0], "ada");
      const tabs = await Promise.all(urls.map((url) => openInbox(url, ada)));
      // Those who mention her are served elsewhere, too.
      const rooms = await Promise.all(
        urls.map((url, i) => Client.enter(url, "team", `?username=u${i}`)),
      );
      const ids: string[] = [];
      for (const [i, room] of rooms.entries()) ids.push((await room.say(`@ada ${i}`)).id);
      for (const [i, url] of urls.entries()) ids.push((await notify(url, "ada", `order ${i}`)).id);
      for (const tab of tabs) await counted(tab, 6);
      tabs[1].send({ type: "mark_read", notification_id: ids[0] });
      tabs[2].send({ type: "mark_read", notification_id: ids[5] });
      for (const tab of tabs) await counted(tab, 4);
      await ensemble.disturb();
      const { id } = await rooms[1].say("@ada while posts get lost");
      await notify(urls[2], "ada", "after that");
      for (const tab of tabs) await counted(tab, 6);
      tabs[0].send({ type: "mark_all_read" });
      for (const tab of tabs) {
        await counted(tab, 0);
        const arrived = tab.all("notification").map(({ id }) => id);
        assertEquals([arrived.length, new Set(arrived).size], [8, 8]);
        assertEquals(arrived.includes(id), true);
      }
      const far = new Visitor(urls[2]);
      far.cookies.set("session", ada.cookies.get("session") ?? "");
      assertEquals([await inboxOf(far, "?unread=1"), (await inboxOf(far)).length], [[], 8]);
      await Promise.all([...tabs, ...rooms].map((client) => client.close()));
    },
  );
}
