/** What has to hold of notifications whose readers are served by several isolates or machines. */
import { assertEquals } from "@std/assert";
import { member } from "../support/cast.ts";
import { Client, roomAddress } from "../support/client.ts";
import { engineTest } from "../support/servers.ts";
import { NEEDS, startEnsemble } from "../support/ensemble.ts";
import { counted, inboxOf, notify, openInbox, toldUnread } from "../support/inbox.ts";
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
      // What is unread in a room, and read on one device, is told to all of them.
      const devices = await Promise.all(urls.map((url) => enter(url, ada, "desk")));
      const said: string[] = [];
      await using guest = await Client.enter(urls[1], "desk", "?username=cy");
      for (const text of ["one", "two", "three"]) said.push((await guest.say(text)).id);
      for (const tab of tabs) await toldUnread(tab, "desk", 3);
      devices[0].send({ type: "read", id: said[1] });
      for (const tab of tabs) await toldUnread(tab, "desk", 1);
      for (const device of devices.slice(1)) {
        assertEquals(await device.next("read"), { type: "read", id: said[1], unread: 1 });
      }
      devices[2].send({ type: "read", id: said[2] });
      for (const tab of tabs) await toldUnread(tab, "desk", 0);
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
      await Promise.all([...tabs, ...rooms, ...devices].map((client) => client.close()));
    },
  );
}

/** An account enters a room on one of its devices. */
async function enter(origin: string, { cookie }: Visitor, room: string): Promise<Client> {
  const client = new Client(`${roomAddress(origin, room)}?events=1`, { headers: { cookie } });
  await client.next("history");
  return client;
}
