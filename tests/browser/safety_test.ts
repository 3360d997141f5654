import { assertEquals } from "@std/assert";
import { browserTest, bubble, connected, send } from "../support/browser.ts";

const ATTACKS = [
  `<img src=x onerror="document.title='hacked'">`,
  `<script>document.title='hacked'</script>`,
  `"><svg onload=document.title='hacked'>`,
  `javascript:document.title='hacked'`,
  "${document.title='hacked'} {{page.room}} </script>",
];

browserTest("RoomPage shows markup in messages and nicknames as text", async (stage) => {
  const ada = await stage.member("lobby", "ada");
  const attacker = `<b onmouseover=alert(1)>bo</b>`;
  const bo = await stage.member("lobby", attacker);
  for (const attack of ATTACKS) {
    await send(bo, attack);
    await bubble(ada, attack).waitFor();
  }
  assertEquals(await ada.locator(".message__name").first().innerText(), attacker);
  assertEquals(await ada.title(), "lobby · Talksheet");
  assertEquals(await ada.locator(".message :is(img, script, b, a, [onload], [onerror])").count(), 0);
});

browserTest("RoomPage opens addresses in a new tab that can't reach back", async (stage) => {
  const ada = await stage.member("lobby", "ada");
  await send(ada, "看 https://example.com/a?b=1。好");
  const link = ada.locator(".message__body a");
  assertEquals(await link.innerText(), "https://example.com/a?b=1");
  assertEquals(await link.getAttribute("target"), "_blank");
  assertEquals(await link.getAttribute("rel"), "noopener noreferrer");
});

browserTest("Pages refuse a room's name with markup and say what one may hold", async (stage) => {
  const ada = await stage.person();
  const answer = await ada.goto(`${stage.url}/chat/${encodeURIComponent("<script>alert(1)")}/`);
  assertEquals(answer?.status(), 400);
  await ada.getByRole("heading", { name: "這個聊天室名稱不能用" }).waitFor();
  assertEquals(await ada.locator("main script").count(), 0);
});

browserTest("RoomPage takes a name from the address as text", async (stage) => {
  const ada = await stage.person();
  await ada.goto(stage.room("lobby", `"><script>document.title='hacked'</script>`));
  await connected(ada);
  assertEquals(await ada.title(), "lobby · Talksheet");
});
