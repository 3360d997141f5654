import { assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { Draft } from "../../static/draft.js";
import { Outbox } from "../../static/outbox.js";
import { memoryStorage } from "../../static/storage.js";
import { Visits } from "../../static/visits.js";

Deno.test("Outbox keeps what was written, in order, for the next page", () => {
  const storage = memoryStorage();
  const outbox = new Outbox(storage, "lobby");
  const [first, second] = ["one", "two"].map((text) => outbox.add(text, "ada"));
  outbox.mark(second.clientId, "backpressure");
  const later = new Outbox(storage, "lobby");
  assertEquals(later.all(), [first, { ...second, failure: "backpressure" }]);
  assertEquals(later.next(), first);
});

Deno.test("Outbox keeps rooms apart, even where one name begins another", () => {
  const storage = memoryStorage();
  new Outbox(storage, "lobby").add("one", "ada");
  assertEquals(new Outbox(storage, "lob").all(), []);
});

Deno.test("Outbox of two tabs neither overwrites nor revives the other's messages", () => {
  const storage = memoryStorage();
  const [here, there] = [new Outbox(storage, "lobby"), new Outbox(storage, "lobby")];
  const mine = here.add("mine", "ada");
  const other = there.add("other", "ada");
  here.remove(mine.clientId);
  assertEquals(new Outbox(storage, "lobby").all(), [other]);
});

Deno.test("Draft is gone once it is empty", () => {
  const storage = memoryStorage();
  new Draft(storage, "lobby").text = "half a";
  assertEquals(new Draft(storage, "lobby").text, "half a");
  new Draft(storage, "lobby").text = "";
  assertEquals(storage.length, 0);
});

Deno.test("Visits lists the latest rooms first and forgets all but thirty", () => {
  using time = new FakeTime();
  const visits = new Visits(memoryStorage());
  for (let index = 0; index < 40; index++) {
    visits.enter(`room-${index}`);
    time.tick(1);
  }
  visits.enter("room-20");
  const rooms = visits.all().map(({ room }) => room);
  assertEquals([rooms.length, rooms[0], rooms[1], rooms.at(-1)], [30, "room-20", "room-39", "room-10"]);
});

Deno.test("Visits remembers the newest message seen and never goes back", () => {
  const visits = new Visits(memoryStorage());
  visits.enter("lobby");
  visits.see("lobby", "02");
  visits.see("lobby", "01");
  assertEquals(visits.all()[0].seenId, "02");
});
