/** Pages behind proxies that were set up wrongly. */
import { assertEquals } from "@std/assert";
import { startProxy } from "../support/proxy.ts";
import { browserTest } from "../support/browser.ts";

/** Browsers write refused sockets into their console by themselves. */
const SENTENCE = "[data-part=connection] [data-part=sentence]";

browserTest(
  "A page behind a proxy that loses the port says after the third refusal what has to be done",
  async (stage) => {
    await using proxy = startProxy(stage.url, (head) => head.replace(/^(host: [^:\r]+):\d+/im, "$1"));
    const page = await stage.person({ locale: "en-GB" });
    let sockets = 0;
    page.on("websocket", () => sockets++);
    await page.goto(`${proxy.url}/chat/lobby/?username=ada`);
    await page.locator(SENTENCE, { hasText: `refuses connections from ${proxy.url}` }).waitFor();
    assertEquals(sockets >= 3, true);
  },
);

browserTest("A page behind a proxy that passes no sockets on says so", async (stage) => {
  await using proxy = startProxy(stage.url, (head) => head.replace(/^upgrade: [^\r]*\r\n/im, ""));
  const page = await stage.person();
  await page.goto(`${proxy.url}/chat/lobby/?username=ada`);
  await page.locator(SENTENCE, { hasText: "沒有放行 WebSocket" }).waitFor();
});

browserTest("A page above the connection limit says that there are too many", async (stage) => {
  await stage.member("lobby", "ada");
  const page = await stage.person({ locale: "en-GB" });
  await page.goto(stage.room("lobby", "bo"));
  await page.locator(SENTENCE, { hasText: "Too many people are connected from your network" }).waitFor();
}, { maxConnectionsPerIp: 1 });
