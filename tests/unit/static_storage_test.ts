import { assert, assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { Draft } from "../../static/room/composer/draft.js";
import { UnsentMessages } from "../../static/room/connection/unsent_messages.js";
import { memoryStorage, openStorage } from "../../static/shared/storage.js";
import { Visits } from "../../static/lobby/visits.js";

Deno.test("UnsentMessages keeps what was written, in order, for the next page", () => {
  const storage = memoryStorage();
  const unsentMessages = new UnsentMessages(storage, "lobby");
  const [first, second] = ["one", "two"].map((text) => unsentMessages.add({ text, username: "ada" }));
  unsentMessages.setFailure(second.clientId, "backpressure");
  const later = new UnsentMessages(storage, "lobby");
  assertEquals(later.all(), [first, { ...second, failure: "backpressure" }]);
  assertEquals(later.next(), first);
});

Deno.test("UnsentMessages keeps rooms apart, even where one name begins another", () => {
  const storage = memoryStorage();
  new UnsentMessages(storage, "lobby").add({ text: "one", username: "ada" });
  assertEquals(new UnsentMessages(storage, "lob").all(), []);
});

Deno.test("UnsentMessages of two tabs neither overwrites nor revives the other's messages", () => {
  const storage = memoryStorage();
  const [here, there] = [new UnsentMessages(storage, "lobby"), new UnsentMessages(storage, "lobby")];
  const mine = here.add({ text: "mine", username: "ada" });
  const other = there.add({ text: "other", username: "ada" });
  here.remove(mine.clientId);
  assertEquals(new UnsentMessages(storage, "lobby").all(), [other]);
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

const BAD_ENTRIES = [
  `{"clientId`,
  "",
  "null",
  "7",
  `"text"`,
  "[]",
  "{}",
  `{"clientId":"1"}`,
  `{"clientId":"1","username":"ada","text":7,"writtenAt":1}`,
  `{"clientId":"2","username":"ada","text":"another's key","writtenAt":1}`,
  `{"room":7,"visitedAt":"now","seenId":null}`,
];
for (const bad of BAD_ENTRIES) {
  Deno.test(`UnsentMessages, Visits and Draft go on beside an entry that is ${bad || "empty"}`, () => {
    const storage = memoryStorage();
    const kept = new UnsentMessages(storage, "lobby").add({ text: "kept", username: "ada" });
    storage.setItem("talksheet:unsent:lobby:1", bad);
    storage.setItem("talksheet:visit:lobby", bad);
    storage.setItem("talksheet:visit:other", bad);
    assertEquals(new UnsentMessages(storage, "lobby").all(), [kept]);
    const visits = new Visits(storage);
    assertEquals(visits.seenId("lobby"), "");
    visits.enter("lobby");
    visits.see("lobby", "02");
    assertEquals([visits.all()[0].room, visits.seenId("lobby")], ["lobby", "02"]);
    assert(visits.all().every(({ room, seenId }) => room && typeof seenId === "string"));
  });
}

Deno.test("openStorage() lasts as long as the page where the browser has none or can't read it", () => {
  const original = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  const broken = () => {
    throw new Error("NS_ERROR_FILE_CORRUPTED");
  };
  try {
    for (
      const value of [null, { ...memoryStorage(), getItem: broken }, {
        get length() {
          return broken();
        },
        key: broken,
      }]
    ) {
      Object.defineProperty(globalThis, "localStorage", { configurable: true, value });
      const storage = openStorage();
      storage.setItem("a", "1");
      assertEquals(storage.getItem("a"), "1");
    }
  } finally {
    if (original) Object.defineProperty(globalThis, "localStorage", original);
  }
});
