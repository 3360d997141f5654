/** How files are made ready and sent: what cameras write, refusals, other ways in, and second tries. */
import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, type Stage } from "../support/browser.ts";

const PLACE = "25.0330N 121.5654E";

browserTest(
  "A photograph goes without what the camera wrote, whatever it is called, unless the original is chosen",
  async (stage) => {
    const ada = await enter(stage);
    const photo = withExif(await picture(ada));
    assert(photo.includes(PLACE));
    const names = [["a.jpg", "image/jpeg"], ["IMG_1", ""], ["b.gif", "image/gif"], ["c.txt", "text/plain"]];
    await attach(ada, names.map(([name, mimeType]) => ({ name, mimeType, buffer: photo })));
    await ada.getByRole("textbox", { name: /^為看不到圖片的人/ }).nth(3).waitFor();
    await ada.locator(".composer__field").press("Enter");
    await ada.locator(".message__picture").nth(3).waitFor();
    await attach(ada, [{ name: "d.jpg", mimeType: "image/jpeg", buffer: photo }], { isOriginal: true });
    await ada.getByRole("textbox", { name: /^為看不到圖片的人/ }).waitFor();
    await ada.locator(".composer__field").press("Enter");
    await ada.locator(".message__picture").nth(4).waitFor();
    const places = await ada.locator(".message__picture").evaluateAll(async (links, place) => {
      const urls = links.map((link) => (link as HTMLAnchorElement).href);
      const texts = urls.map(async (url) =>
        new TextDecoder("latin1").decode(await (await fetch(url)).bytes())
      );
      return (await Promise.all(texts)).map((text) => text.includes(place));
    }, PLACE);
    assertEquals(places, [false, false, false, false, true]);
  },
);

browserTest(
  "A picture that this browser can't draw isn't sent as it is without being asked for",
  async (stage) => {
    const ada = await enter(stage);
    const heic = Buffer.concat([
      Buffer.from("\0\0\0\x1cftypheic\0\0\0\0mif1heic", "latin1"),
      Buffer.from(PLACE),
    ]);
    await attach(ada, [{ name: "a.heic", mimeType: "", buffer: heic }]);
    await ada.getByText("這張圖片在這裡無法縮小").waitFor();
    assert(await ada.getByRole("button", { name: "傳送", exact: true }).isDisabled());
    await ada.locator("[data-part=original]").check();
    await ada.getByRole("button", { name: "重試" }).click();
    await ada.getByText("這張圖片在這裡無法縮小").waitFor({ state: "detached" });
    await ada.locator(".composer__field").press("Enter");
    await ada.getByRole("link", { name: /^a\.heic/ }).waitFor();
  },
);

browserTest("A large file of a kind that can't be sent is refused in a sentence", async (stage) => {
  const ada = await enter(stage);
  const program = Buffer.alloc(9_000_000, 7);
  program.write("MZ\x90\0\x03", "latin1");
  await attach(ada, [{ name: "setup.exe", mimeType: "application/x-msdownload", buffer: program }]);
  await ada.getByText("這裡不能傳送這種檔案。").waitFor();
});

browserTest("A file that is dropped can be given up on its way, and tried again", async (stage) => {
  const ada = await enter(stage);
  let isRefused = true;
  let release = (): void => {};
  const held = new Promise<void>((resolve) => release = resolve);
  await ada.route("**/api/rooms/lobby/files?name=slow.txt", async (route) => {
    await held;
    await route.abort().catch(() => {});
  });
  await ada.route("**/api/rooms/lobby/files?name=b.txt", (route) => {
    if (!isRefused) return route.continue();
    isRefused = false;
    return route.fulfill({ status: 503, json: { error: "Not now", code: "internal" } });
  });
  await ada.locator("main").evaluate((main) => {
    const dataTransfer = new DataTransfer();
    for (const name of ["slow.txt", "b.txt"]) {
      dataTransfer.items.add(new File(["text"], name, { type: "text/plain" }));
    }
    for (const type of ["dragover", "drop"]) {
      main.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }
  });
  await ada.getByRole("progressbar", { name: "正在上傳 slow.txt" }).waitFor();
  const ended = ada.waitForEvent("requestfailed", (request) => request.url().includes("slow.txt"));
  await ada.getByRole("button", { name: "移除 slow.txt" }).click();
  await ended;
  release();
  await ada.getByText("上傳失敗。").waitFor();
  await ada.getByRole("button", { name: "重試" }).click();
  await ada.getByText("上傳失敗。").waitFor({ state: "detached" });
  await ada.locator(".composer__field").press("Enter");
  await ada.getByRole("link", { name: /^b\.txt/ }).waitFor();
  assertEquals(await ada.locator(".message__file").count(), 1);
});

browserTest("Two fingers make a picture larger in the viewer", async (stage) => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const ada = await stage.member("lobby", "ada", phone);
  await ada.getByRole("button", { name: "附加檔案" }).waitFor();
  await attach(ada, [{ name: "a.jpg", mimeType: "image/jpeg", buffer: await picture(ada) }]);
  await ada.getByRole("textbox", { name: /^為看不到圖片的人/ }).waitFor();
  await ada.getByRole("button", { name: "傳送", exact: true }).click();
  await ada.locator(".message__picture").click();
  await ada.locator(".viewer__image").waitFor();
  assertEquals(await ada.evaluate(() => visualViewport?.scale), 1);
  const devtools = await ada.context().newCDPSession(ada);
  await devtools.send("Input.synthesizePinchGesture", { x: 195, y: 400, scaleFactor: 2 });
  await ada.waitForFunction(() => (visualViewport?.scale ?? 1) > 1.5);
});

async function enter(stage: Stage): Promise<Page> {
  const ada = await stage.member("lobby", "ada", { viewport: { width: 1280, height: 800 } });
  await ada.getByRole("button", { name: "附加檔案" }).waitFor();
  return ada;
}

async function attach(
  page: Page,
  files: readonly { name: string; mimeType: string; buffer: Buffer }[],
  { isOriginal = false } = {},
): Promise<void> {
  const checkbox = page.locator("[data-part=original]");
  await checkbox.evaluate((box, isOriginal) => (box as HTMLInputElement).checked = isOriginal, isOriginal);
  await page.locator("[data-part=files]").setInputFiles([...files]);
}

/** A JPEG. */
async function picture(page: Page): Promise<Buffer> {
  const text = await page.evaluate(() => {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: 400, height: 300 });
    canvas.getContext("2d")?.fillRect(0, 0, 200, 300);
    return canvas.toDataURL("image/jpeg").split(",")[1];
  });
  return Buffer.from(Uint8Array.fromBase64(text));
}

/** The same JPEG with a segment as cameras write it. */
function withExif(jpeg: Buffer): Buffer {
  const text = Buffer.from(`Exif\0\0MM\0\x2a\0\0\0\x08\0\0${PLACE}`, "latin1");
  const segment = Buffer.from([0xff, 0xe1, 0, text.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), segment, text, jpeg.subarray(2)]);
}
