/** Pictures and files, as people send and look at them. */
import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { ulid } from "ulid";
import { guest } from "../../rooms/user.ts";
import { browserTest, connected } from "../support/browser.ts";
import { messageFactoryOf } from "../support/messages.ts";
import { writePastDrafts } from "../support/past.ts";
import { violations } from "./violations.ts";

const DESK = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
/** A PNG. */
const ONE_PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=",
  "base64",
);
const WORDS = {
  "zh-TW": {
    attach: "附加檔案",
    alt: /^為看不到圖片的人/,
    picture: "圖片：白板",
    gallery: "圖片與檔案",
    next: "下一張",
    kind: "這裡不能傳送這種檔案。",
    remove: "移除 evil.svg",
    people: /人線上/,
  },
  "en-US": {
    attach: "Attach files",
    alt: /^Describe this picture/,
    picture: "Picture: 白板",
    gallery: "Pictures and files",
    next: "Next picture",
    kind: "Files of this kind can’t be sent here.",
    remove: "Remove evil.svg",
    people: /online/,
  },
};

for (const [locale, theirs] of [["zh-TW", DESK], ["en-US", PHONE]] as const) {
  const words = WORDS[locale];
  browserTest(`Two people send each other pictures and files, ${locale}`, async (stage) => {
    const ada = await stage.member("lobby", "小安", { locale, ...DESK });
    const bo = await stage.member("lobby", "小柏", { locale, ...theirs });
    await ada.getByRole("button", { name: words.attach }).waitFor();
    const large = await picture(ada, 3_000, 1_500);
    await ada.locator("[data-part=files]").setInputFiles([
      { name: "board.jpg", mimeType: "image/jpeg", buffer: large },
      { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("一、二、三") },
      { name: "evil.svg", mimeType: "image/svg+xml", buffer: Buffer.from("<svg onload='alert(1)'/>") },
    ]);
    await ada.getByText(words.kind).waitFor();
    assert(await ada.getByRole("button", { name: /^(傳送|Send)$/ }).isDisabled());
    await ada.getByRole("button", { name: words.remove }).click();
    await ada.getByRole("textbox", { name: words.alt }).fill("白板");
    // What is uploaded outlives a reload.
    await ada.reload();
    await ada.getByRole("textbox", { name: words.alt }).waitFor();
    const field = ada.locator(".composer__field");
    await field.fill("今天的筆記");
    await field.press("Enter");

    const shown = bo.getByRole("link", { name: words.picture });
    await shown.waitFor();
    await bo.getByRole("link", { name: /^notes\.txt/ }).waitFor();
    const image = shown.locator("img");
    // Half as high as wide, before and after it has loaded; no larger than the page needs.
    const box = async () => Object.values((await image.boundingBox()) ?? {}).slice(2).map(Math.round);
    const [width, height] = await box();
    assertEquals(Math.round(width / height), 2);
    await image.evaluate((one) => (one as HTMLImageElement).decode());
    assertEquals(await box(), [width, height]);
    assertEquals(await image.evaluate((one) => (one as HTMLImageElement).naturalWidth), 2_048);
    // A picture that is pasted goes without a word.
    await paste(ada, await picture(ada, 60, 40));
    await ada.getByRole("textbox", { name: words.alt }).waitFor();
    await field.press("Enter");
    await bo.locator(".message__picture").nth(1).waitFor();
    assertEquals(await violations(bo), []);

    await shown.click();
    const viewer = bo.locator(".viewer");
    await viewer.getByRole("heading", { name: "白板" }).waitFor();
    assertEquals(await violations(bo), []);
    await bo.keyboard.press("ArrowRight");
    assert(await viewer.getByRole("button", { name: words.next }).isDisabled());
    await bo.keyboard.press("Escape");
    await viewer.waitFor({ state: "hidden" });

    if (theirs === PHONE) await bo.getByRole("button", { name: words.people }).click();
    await bo.getByRole("button", { name: words.gallery }).click();
    await bo.getByRole("dialog", { name: words.gallery }).getByRole("link").nth(2).waitFor();
    assertEquals(await violations(bo), []);
  });
}

browserTest(
  "An upload that a dead network cut goes on when it is back, and can be given up",
  async (stage) => {
    const ada = await stage.member("lobby", "ada", DESK);
    await ada.getByRole("button", { name: "附加檔案" }).waitFor();
    await ada.context().setOffline(true);
    const file = { name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("one") };
    await ada.locator("[data-part=files]").setInputFiles([file, { ...file, name: "b.txt" }]);
    await ada.getByText("目前沒有連線，恢復連線後會自動上傳。").first().waitFor();
    await ada.getByRole("button", { name: "移除 b.txt" }).click();
    await ada.context().setOffline(false);
    await ada.getByText("目前沒有連線，恢復連線後會自動上傳。").first().waitFor({ state: "detached" });
    await ada.locator(".composer__field").press("Enter");
    await ada.getByRole("link", { name: /^a\.txt/ }).waitFor();
    assertEquals(await ada.locator(".message__file").count(), 1);
  },
);

/** Pictures in the room. */
const PICTURES = 500;
/** Pictures that a page may load for one view: it is three high, and browsers load what is up to 2,500 px away. */
const NEAR = 30;

browserTest(
  "A room of 500 pictures loads only those near the view, and scrolls in short tasks",
  async (stage) => {
    const ada = await stage.person(DESK);
    const loaded = new Set<string>();
    await ada.route("**/files/**", (route) => {
      loaded.add(route.request().url());
      return route.fulfill({ contentType: "image/png", body: ONE_PIXEL });
    });
    const browser = ada.context().browser();
    assert(browser);
    await ada.goto(stage.room("lobby", "ada"));
    await connected(ada);
    const inView = () =>
      ada.getByRole("log").evaluate(async (list) => {
        const { top, bottom } = list.getBoundingClientRect();
        const seen = [...list.querySelectorAll("img")].filter((image) => {
          const box = image.getBoundingClientRect();
          return box.bottom > top && box.top < bottom;
        });
        await Promise.all(seen.map((image) => image.decode()));
        return seen.length;
      });
    assert(await inView() >= 2);
    assert(loaded.size <= NEAR, `${loaded.size} pictures were loaded for the first view`);
    // What loads after the room's page has come, at leisure.
    await ada.locator("[data-actions]").waitFor();
    await browser.startTracing(ada, { categories: ["toplevel"] });
    await ada.getByRole("log").evaluate(async (list) => {
      while (!list.textContent?.includes("the first one")) {
        list.scrollTop = 0;
        await new Promise(requestAnimationFrame);
      }
      list.scrollTop = 0;
    });
    assert(await inView() >= 2);
    const trace = JSON.parse(new TextDecoder().decode(await browser.stopTracing()));
    assert(loaded.size <= PICTURES / 2, `${loaded.size} pictures were loaded on the way to the first one`);
    const longest = longestTask(trace.traceEvents);
    assert(longest < 50, `A task took ${longest} ms`);
  },
  async (undo) => {
    const path = await Deno.makeTempDir();
    undo.defer(() => Deno.remove(path, { recursive: true }));
    using kv = await Deno.openKv(`${path}/talksheet.db`);
    const { draft } = messageFactoryOf();
    await writePastDrafts(kv, PICTURES, (place) => {
      const id = ulid();
      const file = { id, name: "a.png", type: "image/png", size: 400_000, width: 2_048, height: 1_536 };
      return draft("lobby", guest("bo"), place ? "" : "the first one", {
        files: [{ ...file, url: `/files/${id}/a.png` }],
      });
    });
    return { kvPath: `${path}/talksheet.db` };
  },
);

/** An event of Chromium's traces; `tdur` is time of the processor, in µs, so that a busy machine makes it no longer. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** How long the longest task in the page's main thread kept the processor, in ms. */
function longestTask(events: readonly TraceEvent[]): number {
  const pages = events.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain");
  const isOfPage = ({ pid, tid }: TraceEvent): boolean =>
    pages.some((page) => page.pid === pid && page.tid === tid);
  const tasks = events.filter((event) => event.tdur !== undefined && isOfPage(event));
  assert(tasks.length > 0, "The trace has no tasks");
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1_000;
}

/** A JPEG of this size, drawn by the page. */
async function picture(page: Page, width: number, height: number): Promise<Buffer> {
  const text = await page.evaluate(([width, height]) => {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context?.fillRect(0, 0, width / 2, height);
    return canvas.toDataURL("image/jpeg").split(",")[1];
  }, [width, height]);
  return Buffer.from(Uint8Array.fromBase64(text));
}

async function paste(page: Page, bytes: Uint8Array): Promise<void> {
  await page.locator(".composer__field").evaluate((field, bytes) => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([new Uint8Array(bytes)], "image.jpeg", { type: "image/jpeg" }));
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, [...bytes]);
}
