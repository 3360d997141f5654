import { assertEquals } from "@std/assert";
import { browserTest, bubble, connected, messages, send } from "../support/browser.ts";

browserTest("RoomPage sends once what was written offline, and fills the gap in order", async (stage) => {
  const ada = await stage.member("lobby", "ada");
  await send(ada, "before");
  await ada.locator("[data-state=recorded]").waitFor();
  await ada.context().setOffline(true);
  await ada.locator("[data-part=connection]:visible").waitFor();
  await send(ada, "written offline");
  await bubble(ada, "written offline").and(ada.locator("[data-state=sending]")).waitFor();
  await stage.say("lobby", "said meanwhile", "bo");
  await ada.context().setOffline(false);
  await ada.locator("[data-state=recorded]").nth(2).waitFor();
  assertEquals(await messages(ada), ["before", "said meanwhile", "written offline"]);
  assertEquals(await stage.rowsWith("written offline"), 1);
});

browserTest("RoomPage keeps an unsent message over a reload", async (stage) => {
  const ada = await stage.person();
  let isDead = true;
  await ada.routeWebSocket(/\/ws\//, (socket) => {
    if (!isDead) socket.connectToServer();
  });
  await ada.goto(stage.room("lobby", "ada"));
  await send(ada, "not lost");
  await bubble(ada, "not lost").and(ada.locator("[data-state=sending]")).waitFor();
  await ada.reload();
  await bubble(ada, "not lost").and(ada.locator("[data-state=sending]")).waitFor();
  isDead = false;
  await ada.reload();
  await bubble(ada, "not lost").and(ada.locator("[data-state=recorded]")).waitFor();
  assertEquals(await stage.rowsWith("not lost"), 1);
});

browserTest("RoomPage shows a message once whose ack was lost", async (stage) => {
  const ada = await stage.person();
  let acksToLose = 1;
  await ada.routeWebSocket(/\/ws\//, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((frame) => {
      if (acksToLose > 0 && String(frame).includes(`"ack"`)) {
        acksToLose--;
        void server.close();
        return void socket.close({ code: 1011 });
      }
      socket.send(frame);
    });
  });
  await ada.goto(stage.room("lobby", "ada"));
  await connected(ada);
  // How often the text stands on the page is watched from the first moment on: doubles would only flash by.
  await ada.evaluate(() => {
    const watch = () => {
      const count = [...document.querySelectorAll(".message__body")].filter((body) =>
        body.textContent === "said once"
      );
      document.body.dataset.most = String(Math.max(Number(document.body.dataset.most ?? 0), count.length));
    };
    new MutationObserver(watch).observe(document.body, { childList: true, subtree: true });
  });
  await send(ada, "said once");
  await bubble(ada, "said once").and(ada.locator("[data-state=recorded]")).waitFor();
  assertEquals(await ada.evaluate(() => document.body.dataset.most), "1");
  await connected(ada);
  await ada.waitForFunction(() => !Object.keys(localStorage).some((key) => key.includes("unsent")));
  assertEquals(await messages(ada), ["said once"]);
  assertEquals(await stage.rowsWith("said once"), 1);
});

browserTest("RoomPage learns on return what was recorded while it was away", async (stage) => {
  const ada = await stage.person();
  let isMute = true;
  await ada.routeWebSocket(/\/ws\//, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((frame) => {
      if (!isMute || !String(frame).includes(`"recorded"`)) socket.send(frame);
    });
  });
  await ada.goto(stage.room("lobby", "ada"));
  await connected(ada);
  await send(ada, "recorded in silence");
  await bubble(ada, "recorded in silence").and(ada.locator("[data-state=delivered]")).waitFor();
  await ada.context().setOffline(true);
  await ada.locator("[data-part=connection]:visible").waitFor();
  isMute = false;
  await ada.context().setOffline(false);
  await bubble(ada, "recorded in silence").and(ada.locator("[data-state=recorded]")).waitFor();
});

browserTest("RoomPage counts down to the next try and tries at once when asked", async (stage) => {
  const ada = await stage.person();
  let tries = 0;
  await ada.routeWebSocket(/\/ws\//, (socket) => {
    if (++tries === 1) return void socket.close({ code: 1012, reason: "retry_after_ms=600000" });
    socket.connectToServer();
  });
  await ada.goto(stage.room("lobby", "ada"));
  await ada.getByText(/^\d+ 秒後重新連線$/).waitFor();
  await ada.getByRole("button", { name: "立即重試" }).click();
  await connected(ada);
});

browserTest("RoomPage lets the author retry or take back what was refused", async (stage) => {
  const ada = await stage.person();
  let isRefusing = true;
  await ada.routeWebSocket(/\/ws\//, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((frame) => {
      const { client_id } = JSON.parse(String(frame));
      if (!isRefusing || !client_id) return server.send(frame);
      socket.send(JSON.stringify({ type: "error", error: "Log is full", code: "backpressure", client_id }));
    });
  });
  await ada.goto(stage.room("lobby", "ada"));
  await connected(ada);
  await send(ada, "refused");
  await ada.getByText("等待寫入試算表的訊息太多，請稍後再試。").waitFor();
  await ada.getByRole("button", { name: "取回編輯" }).click();
  assertEquals(await ada.getByRole("textbox").inputValue(), "refused");
  assertEquals(await messages(ada), []);
  await ada.getByRole("textbox").press("Enter");
  await ada.getByRole("button", { name: "未送出，點此重試" }).waitFor();
  isRefusing = false;
  await ada.getByRole("button", { name: "未送出，點此重試" }).click();
  await bubble(ada, "refused").and(ada.locator("[data-state=recorded]")).waitFor();
});

browserTest(
  "RoomPage stores a message once whose author took another name before its resend",
  async (stage) => {
    const ada = await stage.person();
    let isLossy = true;
    await ada.routeWebSocket(/\/ws\//, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((frame) => {
        if (!isLossy || !String(frame).includes(`"ack"`)) return socket.send(frame);
        void server.close();
        void socket.close({ code: 1012, reason: "retry_after_ms=600000" });
      });
    });
    await ada.goto(stage.room("lobby", "ada"));
    await connected(ada);
    await send(ada, "said as ada");
    await ada.locator("body[data-connection=waiting]").waitFor();
    isLossy = false;
    await ada.goto(stage.room("lobby", "edge"));
    await ada.waitForFunction(() => !Object.keys(localStorage).some((key) => key.includes("unsent")));
    await ada.locator(".people__row", { hasText: "你" }).getByText("edge").waitFor();
    await send(ada, "said as edge");
    await bubble(ada, "said as edge").and(ada.locator("[data-state=recorded]")).waitFor();
    await bubble(ada, "said as ada").and(ada.locator("[data-state=recorded]")).waitFor();
    assertEquals(await messages(ada), ["said as ada", "said as edge"]);
    assertEquals(await stage.rowsWith("said as ada"), 1);
  },
);

browserTest("RoomPage notices within seconds of a look that its line is dead", async (stage) => {
  const ada = await stage.person();
  await ada.clock.install();
  const [swallowed, returned] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let lines = 0;
  let isDead = false;
  await ada.routeWebSocket(/\/ws\//, (socket) => {
    const isFirst = ++lines === 1;
    if (!isFirst) returned.resolve();
    const server = socket.connectToServer();
    socket.onMessage((frame) => isFirst && isDead ? swallowed.resolve() : server.send(frame));
    server.onMessage((frame) => isFirst && isDead || socket.send(frame));
  });
  await ada.goto(stage.room("lobby", "ada"));
  await connected(ada);
  isDead = true;
  await ada.evaluate(() => void dispatchEvent(new Event("focus")));
  await swallowed.promise;
  await ada.clock.fastForward(10_000);
  await ada.clock.fastForward(2_000);
  await returned.promise;
  await connected(ada);
  await stage.say("lobby", "said meanwhile", "bo");
  await bubble(ada, "said meanwhile").waitFor();
});
