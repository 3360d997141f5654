/** What happens in a room while somebody reads its past: none of it is missing, doubled or out of date on the way back. */
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, bubble, connected, messages, send, type Stage, toolbarOf } from "../support/browser.ts";
import { change } from "../support/changes.ts";
import { writePast } from "../support/past.ts";
import { readHistory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

/** More than a page shows on both sides of one. */
const PAST = 330;

browserTest(
  "Messages, edits, deletions and reactions that come while the past is read stand in the list as in the room once it meets the present",
  async (stage) => {
    const ada = await stage.member("lobby", "ada", { locale: "en-US" });
    const browser = new Visitor(stage.url);
    await browser.ask("GET", "/chat/lobby/");
    await using bo = await browser.enter("lobby", "?username=bo&events=1");
    const [edited, deleted, quoted] = [
      await bo.say("to be edited"),
      await bo.say("to be deleted"),
      await bo.say("to be quoted"),
    ];
    await change(bo, { type: "chat_message", message: "an answer", reply_to: quoted.id });
    await bubble(ada, "an answer").waitFor();
    await goTo(stage, ada, "m10");
    await (await toolbarOf(ada, "m10")).getByRole("button", { name: "React with 👍" }).click();
    await ada.getByRole("button", { name: "👍 1: ada" }).waitFor();

    // In the past, where what came last isn't loaded any more.
    await goTo(stage, ada, "m100");
    assertEquals(await bubble(ada, "an answer").count(), 0);
    const skipped = await bo.say("skipped and edited");
    const gone = await bo.say("skipped and deleted");
    await change(bo, { type: "edit_message", id: skipped.id, message: "skipped, mended" });
    await change(bo, { type: "delete_message", id: gone.id });
    await ada.getByRole("button", { name: "2 new messages" }).waitFor();

    // The answer that holds the rest is on its way while more happens.
    const answer = await holdLast(ada);
    const scrolled = scrollUntil(ada, "said meanwhile");
    await answer.asked;
    await change(bo, { type: "edit_message", id: edited.id, message: "edited meanwhile" });
    await change(bo, { type: "delete_message", id: deleted.id });
    await change(bo, { type: "edit_message", id: quoted.id, message: "quoted meanwhile" });
    await change(bo, { type: "react", id: skipped.id, emoji: "🎉", on: true });
    await bo.say("said meanwhile");
    answer.release();
    await scrolled;
    await bo.say("live again");
    await bubble(ada, "live again").waitFor();
    await assertPresent(stage, ada);
    assertEquals(await ada.getByText("quoted meanwhile").count(), 2);
    await ada.getByRole("button", { name: "🎉 1: bo" }).waitFor();

    // One's own reaction is known in a part of the past that is loaded anew.
    await ada.reload();
    await connected(ada);
    await goTo(stage, ada, "m10");
    assertEquals(await ada.getByRole("button", { name: "👍 1: ada" }).getAttribute("aria-pressed"), "true");

    // Without a connection the reader writes, and comes back to it once there is one.
    const lost = await bo.say("lost words");
    await ada.getByRole("button", { name: "New message" }).waitFor();
    await change(bo, { type: "delete_message", id: lost.id });
    await ada.context().setOffline(true);
    await ada.locator("body:not([data-connection=open])").waitFor();
    await send(ada, "written offline");
    await bo.say("said while offline");
    await ada.context().setOffline(false);
    await bubble(ada, "written offline").and(ada.locator("[data-state=recorded]")).waitFor();
    await bubble(ada, "said while offline").waitFor();
    await assertPresent(stage, ada);
  },
  async (undo) => {
    const path = await Deno.makeTempDir();
    undo.defer(() => Deno.remove(path, { recursive: true }));
    const kvPath = `${path}/talksheet.db`;
    const kv = await Deno.openKv(kvPath);
    await writePast(kv, "lobby", PAST, (place) => `m${place}`);
    kv.close();
    return { kvPath };
  },
);

/** Goes to a message of the past, as a link or a result of the search does. */
async function goTo(stage: Stage, page: Page, text: string): Promise<void> {
  const id = (await readHistory(stage.url, "lobby")).find(({ message }) => message === text)?.id;
  await page.getByRole("log").evaluate((list, detail) => {
    list.dispatchEvent(new CustomEvent("goto", { detail }));
  }, id);
  await bubble(page, text).and(page.locator("[data-goal]")).waitFor();
}

/** Holds the answer that has the room's newest message: the server has read it, the page is yet to get it. */
async function holdLast(page: Page): Promise<{ asked: Promise<void>; release: () => void }> {
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  await page.route(({ search }) => search.includes("around="), async (route) => {
    const response = await route.fetch();
    if ((await response.json()).more_after === false) {
      asked.resolve();
      await released.promise;
    }
    await route.fulfill({ response });
  });
  return { asked: asked.promise, release: released.resolve };
}

/** Scrolls down until a message is there. */
function scrollUntil(page: Page, text: string): Promise<void> {
  return page.getByRole("log").evaluate(async (list, text) => {
    while (!list.textContent?.includes(text)) {
      list.scrollTop = list.scrollHeight;
      await new Promise(requestAnimationFrame);
    }
  }, text);
}

/** The list is the end of the room's history, as that stands now. */
async function assertPresent(stage: Stage, page: Page): Promise<void> {
  const room = (await readHistory(stage.url, "lobby")).map(({ message, deleted }) =>
    deleted ? "Message deleted" : message
  );
  const list = await messages(page);
  assertEquals(list, room.slice(-list.length));
}
