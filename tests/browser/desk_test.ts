import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { browserTest, bubble, connected, PASSWORD, send, type Stage } from "../support/browser.ts";
import { Visitor } from "../support/visitor.ts";

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };
const SECRET = "4711";

/** The desk's room and its invitation for one; answers the link. */
async function openDesk(desk: Page): Promise<string> {
  const { request } = desk.context();
  await request.post("/api/rooms", { data: { room: "desk", title: "客服中心", private: true } });
  await desk.goto("/chat/desk/settings/");
  await desk.getByLabel("人數").fill("1");
  await desk.getByRole("button", { name: "建立邀請" }).click();
  await desk.getByRole("img", { name: "邀請的 QR 碼" }).waitFor();
  const url = await desk.locator("[data-part=url]").innerText();
  await desk.getByRole("link", { name: "回到聊天室" }).click();
  await connected(desk);
  return url;
}

/** Every way in which somebody might learn of the room; answers those that told something. */
async function leaksTo(other: Visitor, file: string): Promise<string[]> {
  const leaks: string[] = [];
  const room = "/api/rooms/desk";
  const asked: [method: string, path: string, body?: object][] = [
    ["GET", room],
    ["GET", `${room}/messages`],
    ["GET", `${room}/search?q=${SECRET}`],
    ["GET", `${room}/members`],
    ["GET", `${room}/invites`],
    ["GET", `${room}/pending`],
    ["GET", `${room}/events`],
    ["GET", `${room}/watch`],
    ["POST", `${room}/files?name=a.txt`, {}],
    ["GET", file],
    ["POST", "/api/reports/request/", { type: "transcript", room: "desk" }],
    ["GET", "/api/reports/"],
    ["GET", "/api/rooms"],
    ["GET", "/api/rooms?name=desk"],
    ["GET", "/api/me/rooms"],
    ["GET", "/api/notifications"],
    ["GET", "/chat/"],
    ["GET", "/chat/desk/"],
    ["GET", "/chat/desk/settings/"],
    ["GET", "/join/"],
  ];
  for (const [method, path, body] of asked) {
    const { status, body: answer } = await other.ask(method, path, body);
    const isAbout = path.startsWith(room) || path === file || method === "POST";
    const tells = /4711|客服中心|王小明|invoice/.test(JSON.stringify(answer));
    if (tells || (isAbout && ![401, 403].includes(status))) leaks.push(`${method} ${path}: ${status}`);
  }
  const { code, reason } = await other.socket("desk", "?username=new&events=1").closed;
  if (code !== 4003) leaks.push(`socket: ${code} ${reason}`);
  return leaks;
}

/** Everybody who isn't in the room: without a name, a guest, one who has the dead link, and an account that was mentioned. */
async function others(stage: Stage, dead: string): Promise<Record<string, Visitor>> {
  const [nobody, guest, late] = [new Visitor(stage.url), new Visitor(stage.url), new Visitor(stage.url)];
  await guest.ask("GET", "/chat/hall/");
  await late.ask("GET", new URL(dead).pathname);
  return { nobody, guest, late, bo: await Visitor.signedIn(stage.url, "bo", PASSWORD) };
}

browserTest(
  "A visitor comes to a desk by a link for one, which is dead then, and nobody else learns anything of it",
  async (stage) => {
    await stage.account("客服");
    await stage.account("bo");
    const desk = await stage.signedIn("客服", "/chat/", { baseURL: stage.url });
    const url = await openDesk(desk);
    const visitor = await stage.person(PHONE);
    await visitor.goto(url);
    await visitor.getByLabel("暱稱").fill("王小明");
    await visitor.getByRole("button", { name: "進入" }).click();
    await connected(visitor);
    await visitor.getByRole("button", { name: "附加檔案" }).waitFor();
    await visitor.locator("[data-part=files]").setInputFiles({
      name: "invoice.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("invoice 4711"),
    });
    await visitor.locator(".composer textarea").fill("訂單 4711 沒有到");
    await visitor.getByRole("button", { name: "傳送", exact: true }).click();
    const said = bubble(desk, "訂單 4711 沒有到");
    const file = new URL(
      await said.getByRole("link", { name: "invoice.txt" }).getAttribute("href") ?? "",
      stage.url,
    );
    await send(desk, "@bo 請查 4711");
    await bubble(visitor, "@bo 請查 4711").waitFor();

    const late = await stage.person();
    await late.goto(url);
    await late.getByText("這個邀請已經用完了").first().waitFor();
    const outside = await others(stage, url);
    for (const [name, other] of Object.entries(outside)) {
      assertEquals([name, ...await leaksTo(other, file.pathname)], [name]);
    }
    // The visitor stays over a reload, and is out when the desk ends the visit.
    await visitor.reload();
    await bubble(visitor, "訂單 4711 沒有到").waitFor();
    await desk.goto("/chat/desk/settings/");
    await desk.getByRole("button", { name: "撤銷" }).click();
    await visitor.locator("body[data-connection=refused]").waitFor();
    const cookies = await visitor.context().cookies();
    const gone = new Visitor(stage.url);
    for (const { name, value } of cookies) gone.cookies.set(name, value);
    for (const other of [gone, outside.bo]) assertEquals(await leaksTo(other, file.pathname), []);
  },
);
