import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, bubble, connected, send } from "../support/browser.ts";

/** The rooms of a page's list, in order, with what they say is unread. */
async function roomsOn(page: Page): Promise<string[]> {
  return await page.locator(".rooms__row").evaluateAll((rows) =>
    rows.map((row) => {
      const text = (part: string): string => row.querySelector(`[data-part=${part}]`)?.textContent ?? "";
      return `${text("name")} ${text("unread")}`.trim();
    })
  );
}

async function shows(page: Page, rooms: readonly string[]): Promise<void> {
  await page.waitForFunction(
    (wanted) =>
      Array.from(document.querySelectorAll(".rooms__row"), (row) => {
        const text = (part: string): string => row.querySelector(`[data-part=${part}]`)?.textContent ?? "";
        return `${text("name")} ${text("unread")}`.trim();
      }).join() === wanted,
    rooms.join(),
  ).catch(async (cause) => {
    throw new Error(`wanted ${rooms.join()}, shown: ${(await roomsOn(page)).join()}`, { cause });
  });
}

browserTest(
  "Rooms of an account are on every device, counted, that with the newest message first, live in lists, in the title and on the app's icon",
  async (stage) => {
    await stage.account("小安");
    const desk = await stage.signedIn("小安", "/chat/desk/", { viewport: { width: 1280, height: 800 } });
    await connected(desk);
    await desk.goto(stage.room("team"));
    await connected(desk);
    await desk.evaluate(() => {
      const badges: number[] = [];
      const mark = (count: number): Promise<void> => Promise.resolve(void badges.push(count));
      Object.assign(globalThis, { badges });
      Object.assign(navigator, { setAppBadge: mark, clearAppBadge: () => mark(0) });
    });
    /** What the icon of the app shows. */
    const badge = (count: number): Promise<unknown> =>
      desk.waitForFunction((count) => Reflect.get(globalThis, "badges").at(-1) === count, count);
    // Another device, in whose browser no room was ever visited.
    const phone = await stage.signedIn("小安", "/chat/");
    await phone.locator(".rooms__row").nth(1).waitFor();
    const title = await phone.title();
    await stage.say("desk", "有人在嗎", "客人");
    await stage.say("desk", "@小安 請回覆", "客人");
    // Live: a list is read anew each minute only.
    for (const page of [desk, phone]) await shows(page, ["desk @2", "team"]);
    await phone.getByText("客人：@小安 請回覆").waitFor();
    await phone.getByRole("img", { name: "2 則未讀訊息、其中 1 則提到你" }).waitFor();
    assertEquals(await phone.title(), `(2 · 🔔1) ${title}`);
    await badge(2);
    // The room that is in view is read as it comes, and moves up.
    await stage.say("team", "早安", "小柏");
    for (const page of [desk, phone]) await shows(page, ["team", "desk @2"]);
    // Read on one device, read on the other; and there the next visit begins behind it.
    await phone.getByRole("link", { name: "desk" }).click();
    await bubble(phone, "@小安 請回覆").waitFor();
    for (const page of [desk, phone]) await shows(page, ["team", "desk"]);
    await desk.waitForFunction(() => !document.title.startsWith("("));
    await badge(0);
    await send(phone, "在");
    await shows(desk, ["desk", "team"]);
    await desk.goto(stage.room("desk"));
    await bubble(desk, "在").waitFor();
    assertEquals(await desk.locator(".message__unread").count(), 0);
  },
);

browserTest(
  "A watched room's messages are gathered in one desktop notification while nobody looks, with a sound if one wants, and a muted room's in none",
  async (stage) => {
    await stage.account("小安");
    const ada = await stage.signedIn("小安", "/account/");
    await ada.getByLabel("沒有另外設定的聊天室，通知我").selectOption("所有訊息");
    await ada.getByLabel("這個瀏覽器的提示音").selectOption("每則會通知我的訊息");
    await ada.locator("[data-part=watch] [type=submit]").click();
    await ada.getByText("已儲存").waitFor();
    await ada.addInitScript(() => {
      const told: string[] = [];
      class Told {
        static permission = "granted";
        onclick = null;
        constructor(title: string, { body }: NotificationOptions) {
          told.push(`${title}: ${body}`);
        }
        close(): void {}
      }
      class Silent extends OscillatorNode {
        override start(): void {
          told.push(`♪${this.frequency.value}`);
        }
        override stop(): void {}
      }
      Object.assign(globalThis, { told, Notification: Told, OscillatorNode: Silent });
    });
    const told = (): Promise<string[]> => ada.evaluate(() => Reflect.get(globalThis, "told"));
    await ada.goto(stage.room("muted"));
    await connected(ada);
    await ada.getByRole("button", { name: /線上/ }).click();
    await ada.getByLabel("通知我").selectOption("不通知");
    await ada.goto(stage.room("desk"));
    await connected(ada);
    // In view: nothing.
    await stage.say("desk", "看得到", "客人");
    await bubble(ada, "看得到").waitFor();
    // Until it is read it would count with those that come while nobody looks.
    await ada.waitForFunction(async () => {
      const { rooms } = await (await fetch("/api/me/rooms")).json();
      return rooms.some((
        { name, unread, last }: { name: string; unread: number; last: { message: string } | null },
      ) => name === "desk" && !unread && last?.message === "看得到");
    });
    await ada.evaluate(() => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    const texts = ["一", "二", "三"];
    await Promise.all(
      ["muted", "desk"].flatMap((room) => texts.map((text) => stage.say(room, text, "客人"))),
    );
    await ada.waitForFunction(() => {
      const all: string[] = Reflect.get(globalThis, "told");
      return all.includes("desk: 3 則新訊息") && all.includes("♪660");
    });
    // A slow machine may tell the first ones before the last have come.
    const all = await told();
    assert(all.length < 2 * texts.length && all.every((one) => /^(desk: |♪660$)/.test(one)), all.join());
    assert((await ada.title()).startsWith("(3) "));
  },
);
