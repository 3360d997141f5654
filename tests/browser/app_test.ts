import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { FakePushService } from "../fakes/push_service.ts";
import { type Service, start } from "../../main.ts";
import type { Config } from "../../routes/config.ts";
import { browserTest, bubble, connected, send, TOKEN } from "../support/browser.ts";

const ROOT = new URL("../../", import.meta.url);

/** Resolves when the service worker is in charge of the page. */
async function inCharge(page: Page): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
}

browserTest("The pages can be installed: manifest, icons, and nothing is in the way", async (stage) => {
  const ada = await stage.person({ serviceWorkers: "allow" });
  await ada.goto(`${stage.url}/chat/`);
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
});

/** A service that is stopped, changed and deployed again at the same address. */
class Deployment {
  readonly #config: Partial<Config>;
  readonly #static: string;
  #service: Service | undefined;

  private constructor(config: Partial<Config>, folder: string) {
    this.#config = config;
    this.#static = folder;
  }

  static async open(directory: string): Promise<Deployment> {
    const folder = `${directory}/static`;
    const copying = new Deno.Command("cp", { args: ["-r", "static", folder], cwd: ROOT });
    assertEquals((await copying.output()).code, 0);
    return new Deployment({
      host: "127.0.0.1",
      kvPath: `${directory}/t.db`,
      logCsvPath: `${directory}/ChatLogs.csv`,
      filesPath: `${directory}/files`,
      serviceToken: TOKEN,
      logLevel: "error",
      staticUrl: `file://${folder}/`,
    }, folder);
  }

  get url(): string {
    return this.#service?.url ?? "";
  }

  /** Deploys what is there, at the port of last time. */
  async start(): Promise<void> {
    const port = Number(new URL(this.url || "http://127.0.0.1:0").port);
    this.#service = await start({ ...this.#config, port });
  }

  /** Makes the next version, of which the room's page says that it is that. */
  async release(version: string): Promise<void> {
    const path = `${this.#static}/built/room.js`;
    await Deno.writeTextFile(path, `document.documentElement.dataset.release="${version}";`, {
      append: true,
    });
  }

  async stop(): Promise<void> {
    await this.#service?.stop();
  }
}

let deployment: Deployment | undefined;

browserTest(
  "Without a connection the lobby and visited rooms open with what is unsent; a new version takes over at the next navigation, and keeps nothing of the old one",
  async (stage) => {
    const service = deployment;
    assert(service);
    const ada = await stage.person({ serviceWorkers: "allow" });
    const keeps = (path: string): Promise<unknown> =>
      ada.waitForFunction(async (path) => await caches.match(path, { ignoreVary: true }) !== undefined, path);
    await ada.goto(stage.room("team", "ada"));
    await connected(ada);
    await send(ada, "before");
    // The page was there before its worker, which keeps it all the same.
    await keeps("/chat/team/");
    await ada.goto(`${stage.url}/chat/`);
    await keeps("/chat/");
    await ada.goto(stage.room("team"));
    await connected(ada);
    await service.stop();
    await ada.locator("[data-part=connection]:visible").waitFor();
    await send(ada, "written offline");
    const unsent = bubble(ada, "written offline").and(ada.locator("[data-state=sending]"));
    await unsent.waitFor();
    await ada.goto(`${stage.url}/chat/`);
    await ada.locator(".rooms__row").getByText("team").waitFor();
    await ada.goto(stage.room("team"));
    await unsent.waitFor();
    await ada.getByText("連線後就會看到先前的訊息。").waitFor();
    await ada.goto(`${stage.url}/help/`);
    await ada.getByRole("heading", { name: "目前離線" }).waitFor();
    const width = (main: HTMLElement | SVGElement): string => getComputedStyle(main).maxInlineSize;
    assert(await ada.locator("main").evaluate(width) !== "none");
    await ada.goBack();
    await unsent.waitFor();
    await service.release("2");
    await service.start();
    // What was unsent goes out by itself, once; the page is still the old one.
    await bubble(ada, "written offline").and(ada.locator("[data-state=recorded]")).waitFor();
    const release = (): Promise<string | null> => ada.locator("html").getAttribute("data-release");
    assertEquals([await stage.rowsWith("written offline"), await release()], [1, null]);
    await ada.reload();
    await connected(ada);
    assertEquals(await release(), "2");
    // The new worker removes what the old one kept.
    await ada.waitForFunction(async () => {
      const names = (await caches.keys()).filter((name) => name.startsWith("talksheet / "));
      const versions = new Set(names.map((name) => name.split(" ").at(-1)));
      return versions.size === 1 && document.querySelector(`link[href*="${[...versions][0]}"]`) !== null;
    });
    await keeps("/chat/team/");
    await service.stop();
    await ada.reload();
    await ada.locator("[data-part=connection]:visible").waitFor();
    assertEquals(await release(), "2");
    await service.start();
    await connected(ada);
  },
  {
    async open(directory) {
      deployment = await Deployment.open(directory);
      await deployment.start();
      return deployment;
    },
  },
);

browserTest(
  "A push is shown once by the service worker, counts on the app's icon, and a click on it leads to the message",
  async (stage) => {
    const ada = await stage.person({ serviceWorkers: "allow" });
    await ada.context().grantPermissions(["notifications"], { origin: stage.url });
    await ada.goto(stage.room("team", "ada"));
    await connected(ada);
    await inCharge(ada);
    await ada.goto(`${stage.url}/chat/`);
    const session = await ada.context().newCDPSession(ada);
    const registrations: string[] = [];
    session.on("ServiceWorker.workerRegistrationUpdated", ({ registrations: all }) => {
      registrations.push(...all.map(({ registrationId }) => registrationId));
    });
    await session.send("ServiceWorker.enable");
    await stage.say("team", "在嗎", "小柏");
    const { messages: [{ id }] } = await (await fetch(`${stage.url}/api/rooms/team/messages`)).json();
    for (let i = 0; i < 60; i++) await stage.say("team", `之後 ${i}`, "小柏");
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
    await worker.evaluate(() => {
      const badges: number[] = [];
      Object.assign(self, { badges });
      Object.assign(navigator, { setAppBadge: (count: number) => Promise.resolve(void badges.push(count)) });
    });
    const badges = (): Promise<number[]> => worker.evaluate(() => Reflect.get(self, "badges"));
    const shown = (): Promise<string[]> =>
      worker.evaluate(async () => {
        const { registration } = self as unknown as { registration: ServiceWorkerRegistration };
        return (await registration.getNotifications()).map(({ title, body }) => `${title}|${body}`);
      });
    await deliver();
    while (!(await badges()).length);
    await deliver();
    assertEquals([await shown(), await badges()], [["客服小組|小柏: 在嗎\n2 則新訊息"], [2]]);
    await worker.evaluate(async () => {
      const { registration } = self as unknown as { registration: ServiceWorkerRegistration };
      const [notification] = await registration.getNotifications();
      const Click = Reflect.get(self, "NotificationEvent");
      self.dispatchEvent(new Click("notificationclick", { notification }));
    });
    await ada.waitForURL(/\/chat\/team\//);
    // Further back than the page begins; and it is what the page shows.
    await bubble(ada, "在嗎").and(ada.locator(":focus")).waitFor();
    while ((await badges()).at(-1) !== 0);
  },
);

let pushes: FakePushService | undefined;

browserTest(
  "Pushes are turned on in the settings, where the service sends them, and come from the next message on; pages of an account are kept until it signs out",
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
    // What the browser kept for when there is no connection says whose it is: it goes when they sign out.
    const isKept = (is: boolean): Promise<unknown> =>
      ada.waitForFunction(
        async (is) => (await caches.match("/chat/desk/", { ignoreVary: true }) !== undefined) === is,
        is,
      );
    await isKept(true);
    await ada.request.delete(`${stage.url}/api/session`);
    await ada.goto(`${stage.url}/help/`);
    await isKept(false);
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
