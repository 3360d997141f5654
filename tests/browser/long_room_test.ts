/** Rooms in which much was said. */
import { assert, assertEquals } from "@std/assert";
import { browserTest, bubble, messages, type Stage } from "../support/browser.ts";
import { change } from "../support/changes.ts";
import { writePast } from "../support/past.ts";
import { longestScript, slowness } from "./script_time.ts";
import { readHistory } from "../support/service.ts";
import { Visitor } from "../support/visitor.ts";

const DESK = { viewport: { width: 1280, height: 800 } };
/** Messages in the room, above what a page holds. */
const MESSAGES = 1_500;
/** One message in this many has reactions. */
const REACTED_EVERY = 5;
/** Browsers speak of a long task from 50 ms on (https://www.w3.org/TR/longtasks/); the rest is for their own painting. */
const MAX_SCRIPT_MS = 35;
/** Messages that a page holds at most. */
const MAX_ROWS = 1_200;

browserTest(
  "A page holds a part of a long room with reactions, whichever way its reader scrolls, without a gap or a long task, and shows what was said meanwhile",
  async (stage) => {
    await react(stage);
    const ada = await stage.member("lobby", "ada", DESK);
    /** Scrolls until a message is there, or gone, and answers the most rows that the page had meanwhile. */
    const scroll = (to: "start" | "end", until: string, isThere = true) =>
      ada.getByRole("log").evaluate(async (list, [to, until, isThere]) => {
        const rows = list.getElementsByClassName("message__body");
        const has = () => [...rows].some((body) => body.textContent === until);
        let most = 0;
        while (has() !== isThere) {
          list.scrollTop = to === "start" ? 0 : list.scrollHeight;
          await new Promise(requestAnimationFrame);
          most = Math.max(most, rows.length);
        }
        return most;
      }, [to, until, isThere] as const);
    const last = `m${MESSAGES - 1}`;
    const most: number[] = [];
    const scriptMs = await longestScript(ada, async () => void most.push(await scroll("start", "m0")));
    const limitMs = MAX_SCRIPT_MS * await slowness(ada);
    assert(scriptMs > 0 && scriptMs < limitMs, `${scriptMs} ms, of at most ${limitMs}`);
    assertEquals(await bubble(ada, last).count(), 0);
    await stage.say("lobby", "said meanwhile", "bo");
    await ada.getByRole("button", { name: "有新訊息" }).waitFor();
    most.push(await scroll("end", "said meanwhile"));
    assert(Math.max(...most) <= MAX_ROWS, `${most} rows`);
    const texts = await messages(ada);
    const expected = Array.from({ length: MESSAGES }, (_, index) => `m${index}`);
    assertEquals(texts, [...expected, "said meanwhile"].slice(-texts.length));
    await stage.say("lobby", "live again", "bo");
    await bubble(ada, "live again").waitFor();

    await scroll("start", "live again", false);
    await ada.locator(".pill").click();
    await bubble(ada, "live again").waitFor();
    assertEquals((await messages(ada)).slice(-2), ["said meanwhile", "live again"]);
    await ada.getByRole("textbox").fill("and me");
    await ada.getByRole("textbox").press("Enter");
    await bubble(ada, "and me").and(ada.locator("[data-state=recorded]")).waitFor();
  },
  async (undo) => {
    const kvPath = `${await directory(undo)}/talksheet.db`;
    const kv = await Deno.openKv(kvPath);
    await writePast(kv, "lobby", MESSAGES, (place) => `m${place}`);
    kv.close();
    return { kvPath };
  },
);

async function react(stage: Stage): Promise<void> {
  const history = await readHistory(stage.url, "lobby");
  const reacted = history.filter((_, index) => index % REACTED_EVERY === 0);
  await using bo = await new Visitor(stage.url).enter("lobby", "?username=bo");
  for (let i = 0; i < reacted.length; i += 25) {
    await Promise.all(
      reacted.slice(i, i + 25).map(({ id }) => change(bo, { type: "react", id, emoji: "👍", on: true })),
    );
  }
}

async function directory(undo: AsyncDisposableStack): Promise<string> {
  const path = await Deno.makeTempDir();
  undo.defer(() => Deno.remove(path, { recursive: true }));
  return path;
}
