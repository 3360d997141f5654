/** Writing with an input method, as Chromium composes. What other systems do differently is played to the page. */
import { assertEquals } from "@std/assert";
import type { CDPSession, Page } from "playwright-core";
import { browserTest, bubble, connected, messages } from "../support/browser.ts";

const ENTER = { key: "Enter", code: "Enter", keyCode: 13, bubbles: true, cancelable: true };

browserTest("Composer never sends the Enter that ends a composition in Safari", async (stage) => {
  const ada = await stage.member("lobby", "ada");
  const field = ada.getByRole("textbox");
  const keys = await composing(ada, "你好");
  await field.evaluate((element, enter) => {
    // The keydown follows the composition's end and looks like any other.
    element.addEventListener(
      "compositionend",
      () => void element.dispatchEvent(new KeyboardEvent("keydown", enter)),
    );
  }, ENTER);
  await keys.send("Input.insertText", { text: "你好" });
  assertEquals(await field.inputValue(), "你好");
  assertEquals(await messages(ada), []);
  const ended = await ada.evaluate(() => performance.now());
  await ada.waitForFunction((at) => performance.now() > at + 60, ended);
  await field.press("Enter");
  await bubble(ada, "你好").waitFor();
  assertEquals(await messages(ada), ["你好"]);
});

browserTest(
  "Composer sends a Korean word by the one Enter that ends it, which is told twice",
  async (stage) => {
    const ada = await stage.member("lobby", "ada");
    const field = ada.getByRole("textbox");
    const keys = await composing(ada, "안녕");
    await field.evaluate((element, enter) => {
      const composed = { ...enter, keyCode: 229, isComposing: true };
      element.dispatchEvent(new KeyboardEvent("keydown", composed));
      element.addEventListener(
        "compositionend",
        () => void element.dispatchEvent(new KeyboardEvent("keydown", enter)),
      );
    }, ENTER);
    await keys.send("Input.insertText", { text: "안녕" });
    await bubble(ada, "안녕").waitFor();
    assertEquals([await messages(ada), await field.inputValue()], [["안녕"], ""]);
  },
);

browserTest("Composer hears Enter after Send was pressed in the middle of a word", async (stage) => {
  const ada = await stage.member("lobby", "ada");
  const field = ada.getByRole("textbox");
  await composing(ada, "你好");
  await ada.getByRole("button", { name: "傳送" }).click();
  await bubble(ada, "你好").waitFor();
  await field.pressSequentially("next");
  await field.press("Enter");
  await bubble(ada, "next").waitFor();
  assertEquals(await messages(ada), ["你好", "next"]);
});

browserTest("RoomPage and lobby open beside whatever stands in the browser's storage", async (stage) => {
  const ada = await stage.member("lobby", "ada");
  await ada.evaluate(() => {
    for (const bad of ['{"clientId', "null", "7", "{}", "[]"]) {
      for (const kind of ["unsent:lobby", "visit"]) localStorage.setItem(`talksheet:${kind}:${bad}`, bad);
    }
    localStorage.setItem("talksheet:visit:lobby", '{"room');
    localStorage.setItem("talksheet:nickname", "a\u0000\u202eda" + "!".repeat(100_000));
  });
  await ada.goto(stage.room("lobby"));
  await connected(ada);
  await ada.goto(`${stage.url}/chat/`);
  await ada.locator(".rooms__name", { hasText: "lobby" }).waitFor();
});

/** Begins a composition in the field. */
async function composing(page: Page, text: string): Promise<CDPSession> {
  await page.getByRole("textbox").focus();
  const keys = await page.context().newCDPSession(page);
  const end = text.length;
  await keys.send("Input.imeSetComposition", { text, selectionStart: end, selectionEnd: end });
  return keys;
}
