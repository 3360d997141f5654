/** Rooms in which much was said. */
import { assert, assertEquals } from "@std/assert";
import { browserTest, bubble, connected, messages } from "../support/browser.ts";

const DESK = { viewport: { width: 1280, height: 800 } };
/** Messages in the room, above what a page holds. */
const MESSAGES = 3_000;

browserTest(
  "A page holds a part of a long room, whichever way its reader scrolls",
  async (stage) => {
    const ada = await stage.person(DESK);
    const id = (index: number) => String(index).padStart(26, "0");
    const said = (index: number) => ({
      id: id(index),
      seq: id(index),
      room: "lobby",
      user: "bo",
      username: "bo",
      message: `第 ${index} 則 message`,
      timestamp: new Date(Date.UTC(2026, 0, 2) + index * 1_000).toISOString(),
      recorded: true,
      reactions: [{ emoji: "👍", count: 3, users: ["小安", "小柏", "ada"] }, {
        emoji: "❤️",
        count: 1,
        users: ["ada"],
      }],
    });
    await ada.routeWebSocket(/\/ws\//, (socket) => {
      const page = (end: number, count: number) => ({
        type: "history",
        messages: Array.from({ length: count }, (_, index) => said(end - count + index)),
        more: end - count > 0,
      });
      socket.onMessage((frame) => {
        const { type, before, limit } = JSON.parse(String(frame));
        if (type === "history") {
          socket.send(JSON.stringify(page(Number(before), Math.min(limit, Number(before)))));
        }
      });
      socket.send(JSON.stringify(page(MESSAGES, 50)));
    });
    await ada.goto(stage.room("lobby", "ada"));
    await connected(ada);
    await ada.locator("[data-actions]").waitFor();
    const places = await ada.evaluate(async (last) => {
      const list = document.querySelector("[role=log]") as HTMLElement;
      const first = "0".repeat(26);
      const has = (id: string) => document.querySelector(`[data-id="${id}"]`) !== null;
      const frame = () => new Promise(requestAnimationFrame);
      let most = 0;
      while (!has(first)) {
        list.scrollTop = 0;
        await frame();
        most = Math.max(most, document.querySelectorAll(".message").length);
      }
      const isDropped = !has(last);
      while (!has(last)) {
        list.scrollTop = list.scrollHeight;
        await frame();
        most = Math.max(most, document.querySelectorAll(".message").length);
      }
      return { most, isDropped };
    }, id(MESSAGES - 1));
    assert(places.isDropped);
    assert(places.most < 2_600, `${places.most} rows`);
  },
);

browserTest(
  "Who reads far back comes forward again without a gap, and sees what was said meanwhile",
  async (stage) => {
    for (let index = 0; index < 2_300; index++) await stage.say("lobby", `m${index}`, "bo");
    const ada = await stage.member("lobby", "ada", DESK);
    const scroll = async (to: "start" | "end", until: string) => {
      await ada.getByRole("log").evaluate(async (list, [to, until]) => {
        const has = () =>
          [...list.querySelectorAll(".message__body")].some((body) => body.textContent === until);
        while (!has()) {
          list.scrollTop = to === "start" ? 0 : list.scrollHeight;
          await new Promise(requestAnimationFrame);
        }
      }, [to, until]);
    };
    await scroll("start", "m0");
    await ada.waitForFunction(() => document.querySelectorAll(".message").length < 2_300);
    await stage.say("lobby", "said meanwhile", "bo");
    await ada.getByRole("button", { name: "有新訊息" }).waitFor();
    await scroll("end", "said meanwhile");
    const texts = await messages(ada);
    const expected = Array.from({ length: 2_300 }, (_, index) => `m${index}`);
    assertEquals(texts, [...expected, "said meanwhile"].slice(-texts.length));
    await stage.say("lobby", "live again", "bo");
    await bubble(ada, "live again").waitFor();

    await scroll("start", "m0");
    await ada.waitForFunction(() => document.querySelectorAll(".message").length < 2_300);
    await ada.locator(".pill").click();
    await bubble(ada, "live again").waitFor();
    assertEquals((await messages(ada)).slice(-2), ["said meanwhile", "live again"]);
    await ada.getByRole("textbox").fill("and me");
    await ada.getByRole("textbox").press("Enter");
    await bubble(ada, "and me").and(ada.locator("[data-state=recorded]")).waitFor();
  },
);
