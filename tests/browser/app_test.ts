import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { FakePushService } from "../fakes/push_service.ts";
import { type Service, start } from "../../main.ts";
import { browserTest, connected } from "../support/browser.ts";

/** Resolves when the service worker is in charge of the page. */
async function inCharge(page: Page): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
}

let service: Service | undefined;

browserTest(
  "The pages can be installed: manifest, icons, and a page that says when there is no connection",
  async (stage) => {
    const ada = await stage.person({ serviceWorkers: "allow" });
    await ada.goto(stage.room("team", "ada"));
    await connected(ada);
    await inCharge(ada);
    const session = await ada.context().newCDPSession(ada);
    const { errors, data = "" } = await session.send("Page.getAppManifest");
    assertEquals(errors, []);
    const { icons, start_url } = JSON.parse(data);
    assertEquals(start_url, "/chat/");
    for (const { src } of icons) {
      const answer = await fetch(stage.url + src);
      assertEquals([answer.status, answer.headers.get("content-type")], [200, "image/png"]);
      const [, p, n, g] = new Uint8Array(await answer.arrayBuffer());
      assertEquals([p, n, g], [0x50, 0x4e, 0x47]);
    }
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    // Contexts of tests are private windows, which install nothing.
    assertEquals(installabilityErrors.map(({ errorId }) => errorId), ["in-incognito"]);
    await service?.stop();
    await ada.goto(stage.room("team"));
    await ada.getByRole("heading", { name: "目前離線" }).waitFor();
    assertEquals(
      await ada.locator("main").evaluate((main) => getComputedStyle(main).maxInlineSize !== "none"),
      true,
    );
  },
  {
    async open(directory) {
      return service = await start({
        host: "127.0.0.1",
        port: 0,
        kvPath: ":memory:",
        logCsvPath: `${directory}/ChatLogs.csv`,
        logLevel: "error",
      });
    },
  },
);

browserTest(
  "A push is shown once by the service worker, and a click on it leads to the message",
  async (stage) => {
    const ada = await stage.person({ serviceWorkers: "allow" });
    await ada.context().grantPermissions(["notifications"], { origin: stage.url });
    await ada.goto(`${stage.url}/chat/`);
    await inCharge(ada);
    const session = await ada.context().newCDPSession(ada);
    const registrations: string[] = [];
    session.on("ServiceWorker.workerRegistrationUpdated", ({ registrations: all }) => {
      registrations.push(...all.map(({ registrationId }) => registrationId));
    });
    await session.send("ServiceWorker.enable");
    await stage.say("team", "在嗎", "小柏");
    const { messages: [{ id }] } = await (await fetch(`${stage.url}/api/rooms/team/messages`)).json();
    const push = {
      id,
      title: "客服小組",
      body: "小柏: 在嗎",
      url: `/chat/team/?message=${id}`,
      room: "team",
      unread: 2,
    };
    await ada.waitForFunction(() => navigator.serviceWorker.ready);
    const deliver = (): Promise<unknown> =>
      session.send("ServiceWorker.deliverPushMessage", {
        origin: stage.url,
        registrationId: registrations.at(-1) ?? "",
        data: JSON.stringify(push),
      });
    const [worker] = ada.context().serviceWorkers();
    const shown = (): Promise<string[]> =>
      worker.evaluate(async () => {
        const { registration } = self as unknown as { registration: ServiceWorkerRegistration };
        return (await registration.getNotifications()).map(({ title, body }) => `${title}|${body}`);
      });
    await deliver();
    while (!(await shown()).length);
    await deliver();
    assertEquals(await shown(), ["客服小組|小柏: 在嗎\n2 則新訊息"]);
    await worker.evaluate(async () => {
      const { registration } = self as unknown as { registration: ServiceWorkerRegistration };
      const [notification] = await registration.getNotifications();
      const Click = Reflect.get(self, "NotificationEvent");
      self.dispatchEvent(new Click("notificationclick", { notification }));
    });
    await ada.waitForURL(/\/chat\/team\//);
    assert(ada.url().includes("/chat/team/"));
  },
);

let pushes: FakePushService | undefined;

browserTest(
  "Pushes are turned on in the settings, where the service sends them, and come from the next message on",
  async (stage) => {
    const service = pushes;
    assert(service);
    await stage.account("小安");
    const ada = await stage.signedIn("小安", "/chat/desk/", { serviceWorkers: "allow" });
    await connected(ada);
    await ada.context().grantPermissions(["notifications"], { origin: stage.url });
    // Browsers of tests have no push service: the stand-in takes its place.
    await ada.addInitScript((made) => {
      let isOn = localStorage.getItem("stand-in") !== null;
      const subscription = {
        endpoint: made.endpoint,
        toJSON: () => made,
        unsubscribe: () => Promise.resolve(!(isOn = false)),
      };
      PushManager.prototype.subscribe = () => {
        localStorage.setItem("stand-in", "1");
        isOn = true;
        return Promise.resolve(subscription as unknown as PushSubscription);
      };
      PushManager.prototype.getSubscription = () =>
        Promise.resolve(isOn ? subscription as unknown as PushSubscription : null);
    }, service.subscribe("phone"));
    await ada.goto(`${stage.url}/account/`);
    await ada.getByRole("button", { name: "在這個瀏覽器開啟推播" }).click();
    await ada.getByRole("button", { name: "在這個瀏覽器關閉推播" }).waitFor();
    await stage.say("desk", "@小安 在嗎", "小柏");
    await service.until(() => service.received.length === 1);
    assertEquals(service.received[0].payload.body, "小柏: @小安 在嗎");
    await ada.getByRole("button", { name: "在這個瀏覽器關閉推播" }).click();
    await ada.getByRole("button", { name: "在這個瀏覽器開啟推播" }).waitFor();
    await stage.say("desk", "@小安 還在嗎", "小柏");
    await ada.goto(stage.room("desk"));
    await connected(ada);
    assertEquals(service.received.length, 1);
  },
  (undo) => {
    const service = pushes = undo.use(new FakePushService());
    return Promise.resolve({
      pushSubject: "mailto:ops@example.com",
      pushOrigins: [service.origin],
      pushAfterMs: 100,
    });
  },
);
