/** The service below a path of its host, and in a frame of another page. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Page } from "playwright-core";
import { below, startProxy } from "../support/proxy.ts";
import { browserTest, bubble, connected, PASSWORD, send, signIn } from "../support/browser.ts";

for (const isStripped of [true, false]) {
  const how = isStripped ? "takes away" : "leaves on";
  browserTest(
    `Everything works below a path that the proxy ${how}: rooms, accounts, signing up, notifications, documents, reports, language`,
    async (stage) => {
      await using proxy = startProxy(stage.url, below("/talk", { isStripped }));
      await stage.account("ada");
      await stage.account("root", "admin");
      const page = await stage.person();
      const strays = straysOf(page, `${proxy.url}/talk/`);

      await page.goto(`${proxy.url}/talk/`);
      assertEquals(page.url(), `${proxy.url}/talk/chat/`);
      await page.locator("[name=room]").fill("lobby");
      await page.locator(".lobby__form [type=submit]").click();
      await page.waitForURL(/\/talk\/chat\/lobby\//);
      await page.locator("[data-part=nickname] [data-part=guest]").click();
      await connected(page);
      await send(page, "hello from below");
      await bubble(page, "hello from below").waitFor();
      assertEquals((await page.context().cookies()).map(({ path }) => path), ["/talk/"]);
      // Icons are of the page itself.
      assert(await page.locator("[data-part=language]").count());

      await page.goto(`${proxy.url}/talk/docs/?language=en`);
      assertEquals([page.url(), await page.locator("html").getAttribute("lang")], [
        `${proxy.url}/talk/docs/`,
        "en",
      ]);
      await page.goto(`${proxy.url}/talk/account/`);
      assertEquals(page.url(), `${proxy.url}/talk/account/sign-in/?to=%2Faccount%2F`);
      await signIn(page, "ada", PASSWORD);
      await page.waitForURL(`${proxy.url}/talk/account/`);

      const newcomer = await stage.person();
      await newcomer.goto(`${proxy.url}/talk/account/sign-up/?to=%2Fdocs%2F`);
      await signIn(newcomer, "bo", PASSWORD);
      await newcomer.locator("[data-part=go-on]").click();
      await newcomer.waitForURL(`${proxy.url}/talk/docs/`);

      await page.goto(`${proxy.url}/talk/chat/lobby/`);
      await connected(page);
      await stage.say("lobby", "look here @ada");
      await page.locator("[data-part=bell]").click();
      const link = page.locator("[data-part=bell-list] [data-part=link]").first();
      await link.waitFor();
      assertMatch(await link.getAttribute("href") ?? "", /^\/talk\/chat\/lobby\/\?message=/);

      await page.goto(`${proxy.url}/talk/docs/`);
      await page.locator("[name=title]").fill("Notes");
      await page.locator("main form [type=submit]").click();
      await page.waitForURL(/\/talk\/docs\/[^/]+\/$/);
      await page.locator(".cm-content").fill("written below");
      await page.goto(`${proxy.url}/talk/reports/`);
      await page.goto(`${proxy.url}/talk/help/`);
      assertEquals(strays, []);

      const admin = await stage.person();
      const strayed = straysOf(admin, `${proxy.url}/talk/`);
      const dashboard = admin.waitForEvent(
        "websocket",
        (socket) => socket.url().includes("/talk/ws/dashboard/"),
      );
      await admin.goto(`${proxy.url}/talk/admin/`);
      await signIn(admin, "root", PASSWORD);
      await admin.waitForURL(`${proxy.url}/talk/admin/`);
      await (await dashboard).waitForEvent("framereceived");
      assertEquals(strayed, []);
    },
    { basePath: "/talk", signup: "open" },
  );
}

/** What a page asks for that isn't there, or isn't below an address. */
function straysOf(page: Page, address: string): string[] {
  const strays: string[] = [];
  const socketAddress = address.replace("http", "ws");
  page.on("response", (response) => {
    const isStray = !response.url().startsWith(address) || response.status() >= 400;
    if (isStray && !response.url().startsWith("data:")) strays.push(`${response.status()} ${response.url()}`);
  });
  page.on("websocket", (socket) => {
    if (!socket.url().startsWith(socketAddress)) strays.push(socket.url());
  });
  return strays;
}

browserTest(
  "FRAME_ANCESTORS lets a page of a school's system embed a room, and no other page",
  async (stage) => {
    for (const [host, isAllowed] of [["localhost", true], ["127.0.0.1", false]] as const) {
      await using school = schoolWith(`${stage.url}/chat/lobby/?username=bo`, host);
      const page = await stage.person();
      await page.goto(school.url);
      const frame = page.frameLocator("iframe");
      if (isAllowed) {
        await frame.locator("body[data-connection=open] [data-part=list][data-ready]").waitFor();
        await frame.getByRole("textbox").fill("from within");
        await frame.getByRole("textbox").press("Enter");
        await frame.locator(".message__body", { hasText: "from within" }).waitFor();
      } else {
        await page.waitForFunction(() => performance.getEntriesByType("resource").length > 0);
        assertEquals(await frame.locator("[data-part=list]").count(), 0);
      }
    }
    stage.complaints.splice(0);
  },
  { frameAncestors: ["http://localhost:*"] },
);

/** A page that embeds another. */
function schoolWith(address: string, host: string): { url: string } & AsyncDisposable {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () =>
      new Response(`<!DOCTYPE html><iframe src="${address}"></iframe>`, {
        headers: { "content-type": "text/html" },
      }),
  );
  return { url: `http://${host}:${server.addr.port}/`, [Symbol.asyncDispose]: () => server.shutdown() };
}
