import { assertEquals, assertThrows } from "@std/assert";
import { DocumentAwareness } from "../../rooms/documents/yjs/awareness.ts";

/** Presence with a clock of its own, and what a client of another one would send. */
function setting() {
  let now = 0;
  const presence = new DocumentAwareness(() => now);
  const stated = new DocumentAwareness(() => now);
  return {
    presence,
    later: (ms: number) => now += ms,
    /** An update of one client that says so for the `clock`th time. */
    update(client: number, clock = 1): Uint8Array {
      for (let i = 0; i < clock; i++) {
        stated.set(client, { cursor: i }, {}, { id: "whoever", name: "whoever" });
      }
      return stated.encode([client]);
    },
  };
}

const [ada, bo] = [{ id: "1", name: "ada" }, { id: "2", name: "bo" }];

Deno.test("DocumentAwareness.take() brings nobody back whom another one repeats after they have left", () => {
  const { presence, update } = setting();
  const heard = update(1);
  presence.take(heard, bo, bo);
  assertEquals(presence.leave(bo).map(({ client, state }) => [client, state]), [[1, undefined]]);
  for (const user of [ada, bo]) assertEquals(presence.take(heard, ada, user), []);
  assertEquals(presence.clients, []);
  assertEquals(presence.take(update(1), { again: bo }, bo).length, 1);
});

Deno.test("DocumentAwareness.take() lets nobody speak for another's client, and nobody bring many", () => {
  const { presence, update } = setting();
  presence.take(update(1), bo, bo);
  assertEquals(presence.take(update(1), ada, ada), []);
  assertEquals(presence.nameOf(1), "bo");
  for (let client = 10; client < 30; client++) presence.take(update(client), ada, ada);
  assertEquals(presence.of(ada).length, 4);
});

Deno.test("DocumentAwareness.sweep() takes out who is silent elsewhere, and nobody who is connected here", () => {
  const { presence, update, later } = setting();
  presence.take(update(1), bo, bo);
  presence.takeElsewhere(update(2));
  later(30_001);
  assertEquals(presence.sweep().map(({ client }) => client), [2]);
  assertEquals(presence.clients, [1]);
});

Deno.test("DocumentAwareness.take() throws for a connection whose clients come and go without end", () => {
  const { presence } = setting();
  const elsewhere = new DocumentAwareness(() => 0);
  const comeAndGo = (client: number) => {
    elsewhere.set(client, {}, ada, ada);
    presence.take(elsewhere.encode([client]), ada, ada);
    elsewhere.leave(ada);
    // It has left: the next word of it is newer.
    presence.take(gone(client), ada, ada);
  };
  for (let client = 0; client < 64; client++) comeAndGo(client);
  assertEquals(presence.clients, []);
  assertThrows(() => comeAndGo(64), Error, "too many clients");
});

/** An update by which a client leaves that has said something once. */
function gone(client: number): Uint8Array {
  return new Uint8Array([1, client, 2, 4, ...new TextEncoder().encode("null")]);
}
