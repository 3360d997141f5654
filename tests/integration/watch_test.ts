import { assertEquals } from "@std/assert";
import { isQuiet } from "../../rooms/notifications/watch/quiet_hours.ts";
import { backend, member } from "../support/cast.ts";
import { Client, type Frame, roomAddress } from "../support/client.ts";
import { counted, openInbox } from "../support/inbox.ts";
import { startService } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

Deno.test("A watch level is set by room, has a default in the settings, is told to every device, and `none` silences mentions", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const options = { headers: { cookie: ada.cookie } };
  await using room = new Client(`${roomAddress(service.url, "team")}?events=1`, options);
  await room.next("history");
  await using phone = await openInbox(service.url, ada);
  const level = (wanted: string): Promise<Frame> =>
    phone.next("room_unread", ({ level }) => level === wanted);
  await level("mentions");
  assertEquals((await ada.ask("PATCH", "/api/me/settings", { level: "all" })).body, {
    level: "all",
    previews: false,
    quiet: null,
    is_quiet: false,
  });
  await level("all");
  const path = "/api/rooms/team/watch";
  assertEquals((await ada.ask("PUT", path, { level: "none" })).body, { level: "none" });
  await level("none");
  assertEquals((await ada.ask("GET", path)).body, { level: "none" });
  await using guest = await Client.enter(service.url, "team", "?username=cy");
  await using bos = await openInbox(service.url, await member(service.url, "bo"));
  await guest.say("@ada @bo do you hear");
  await counted(bos, 1);
  assertEquals((await ada.ask("PUT", path, { level: null })).body, { level: "all" });
  await guest.say("@ada now");
  // The first one never came.
  await counted(phone, 1);
  assertEquals(phone.all("notification").map(({ message }) => message), ["@ada now"]);
});

Deno.test("Watch levels and settings are for accounts, and wrong ones are refused by a sentence", async () => {
  await using service = await startService();
  const ada = await member(service.url, "ada");
  const guest = new Visitor(service.url);
  const path = "/api/rooms/team/watch";
  assertEquals(await guest.outcome("GET", path), [401, "not_signed_in"]);
  assertEquals(await backend(service.url).outcome("PUT", path, { level: "all" }), [403, "not_allowed"]);
  assertEquals(await guest.outcome("PATCH", "/api/me/settings", {}), [401, "not_signed_in"]);
  const errors: [object, string][] = [
    [{ level: "some" }, '"level" must be "all", "mentions" or "none"'],
    [{ quiet: { from: "25:00", to: "08:00", time_zone: "UTC" } }, '"from" must be a time of day: HH:MM'],
    [
      { quiet: { from: "22:00", to: "08:00", time_zone: "Moon" } },
      '"time_zone" must be the name of a time zone, such as Asia/Taipei',
    ],
  ];
  for (const [change, error] of errors) {
    const { status, body } = await ada.ask("PATCH", "/api/me/settings", change);
    assertEquals([status, body.error], [400, error]);
  }
  const other = await member(service.url, "bo");
  await ada.ask("POST", "/api/rooms", { room: "own", private: true });
  assertEquals(await other.outcome("GET", "/api/rooms/own/watch"), [403, "not_allowed"]);
});

Deno.test("isQuiet() goes by the clock of the time zone, over midnight too", () => {
  const at = (time: string): number => Date.parse(`2026-03-01T${time}:00Z`);
  const night = { from: "22:00", to: "08:00", time_zone: "Asia/Taipei" };
  // Taipei is eight hours ahead.
  assertEquals(["13:59", "14:00", "23:59", "00:00"].map((time) => isQuiet(night, at(time))), [
    false,
    true,
    true,
    false,
  ]);
  const noon = { from: "12:00", to: "13:00", time_zone: "UTC" };
  assertEquals(["11:59", "12:00", "12:59", "13:00"].map((time) => isQuiet(noon, at(time))), [
    false,
    true,
    true,
    false,
  ]);
  assertEquals(isQuiet(undefined, at("03:00")), false);
});
