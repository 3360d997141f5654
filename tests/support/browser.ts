/** A stage for browser tests: the whole service, and people who use it in Chromium. */
import { assertEquals } from "@std/assert";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { type Service, start } from "../../main.ts";
import type { Config } from "../../routes/config.ts";
import { CHEAP_PASSWORDS } from "./passwords.ts";

const CHROMIUM = "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** The service's token. */
export const TOKEN = "a-token-for-browser-tests";
/** Everybody's password. */
export const PASSWORD = "correct horse battery";
/** A machine that does much else at once takes long. */
const PATIENCE_MS = 30_000;

/**
 * The browser that the tests of a file share: to start and close one took 0.8 s of each test. Each person has a
 * context, with storage and cookies, of their own.
 */
let browser: Promise<Browser> | undefined;
let isClosedAtTheEnd = false;

/** One that has crashed fails the test that it crashed in, and no other one. */
async function sharedBrowser(): Promise<Browser> {
  if (browser && !(await browser).isConnected()) browser = undefined;
  return await (browser ??= chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS }));
}

function closeBrowserAtTheEnd(): void {
  if (isClosedAtTheEnd) return;
  isClosedAtTheEnd = true;
  Deno.test.afterAll(async () => await (await browser)?.close());
}

/** Starts what the service of a test needs, to be undone after it, and answers its configuration. */
type Prepare = (undo: AsyncDisposableStack) => Promise<Partial<Config>>;

/**
 * Registers a test that gets a {@link Stage} of its own. Without Chromium the test is skipped and its name
 * says so, except where `CI` is `true`: there it fails.
 */
export function browserTest(
  name: string,
  act: (stage: Stage) => Promise<void>,
  config: Partial<Config> | Prepare | StageService = {},
): void {
  const isMissing = !isFile(CHROMIUM);
  closeBrowserAtTheEnd();
  Deno.test({
    name: isMissing ? `${name} (needs ${CHROMIUM})` : name,
    ignore: isMissing && Deno.env.get("CI") !== "true",
    // Playwright keeps its pipes and timers for the life of the process.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      await using undo = new AsyncDisposableStack();
      const stage = undo.use(
        await Stage.open(typeof config === "function" ? await config(undo) : config),
      );
      await act(stage);
      assertEquals(stage.complaints, []);
    },
  });
}

/** A service that isn't the test's own process: one that can be killed. */
export interface StageService {
  /** Starts it; its files go into the directory. */
  open(directory: string): Promise<Pick<Service, "url" | "stop">>;
}

function isService(given: Partial<Config> | StageService): given is StageService {
  return "open" in given;
}

function ownService(config: Partial<Config>, directory: string): Promise<Service> {
  return start({
    host: "127.0.0.1",
    port: 0,
    kvPath: ":memory:",
    logCsvPath: `${directory}/ChatLogs.csv`,
    filesPath: `${directory}/files`,
    serviceToken: TOKEN,
    rateMessagesPerMinute: 0,
    logLevel: "error",
    passwordCost: CHEAP_PASSWORDS,
    ...config,
  });
}

export class Stage implements AsyncDisposable {
  /** What went wrong in any page without showing: errors nobody caught, and what the security policy blocked. */
  readonly complaints: string[] = [];
  readonly #service: Pick<Service, "url" | "stop">;
  readonly #browser: Browser;
  readonly #contexts: BrowserContext[] = [];
  readonly #directory: string;

  private constructor(service: Pick<Service, "url" | "stop">, browser: Browser, directory: string) {
    this.#service = service;
    this.#browser = browser;
    this.#directory = directory;
  }

  /** With the service that is given, or one of its own. */
  static async open(given: Partial<Config> | StageService): Promise<Stage> {
    await using undo = new AsyncDisposableStack();
    const directory = await Deno.makeTempDir();
    undo.defer(() => Deno.remove(directory, { recursive: true }));
    const service = isService(given) ? await given.open(directory) : await ownService(given, directory);
    undo.defer(() => service.stop());
    const browser = await sharedBrowser();
    undo.move();
    return new Stage(service, browser, directory);
  }

  get url(): string {
    return this.#service.url;
  }

  /** The address of a room, with a nickname where one is given. */
  room(name: string, username = ""): string {
    const query = username && `?${new URLSearchParams({ username })}`;
    return `${this.url}/chat/${encodeURIComponent(name)}/${query}`;
  }

  /** A new person: a page with a storage and cookies of its own, in Chinese unless told otherwise. */
  async person(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({ locale: "zh-TW", serviceWorkers: "block", ...options });
    this.#contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", (error) => void this.complaints.push(String(error)));
    page.on("console", (line) => {
      if (line.text().includes("Content Security Policy")) this.complaints.push(line.text());
    });
    return page;
  }

  /** A person who is in a room already. */
  async member(room: string, username: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.person(options);
    await page.goto(this.room(room, username));
    await connected(page);
    return page;
  }

  /** Makes an account. */
  async account(username: string, role: "user" | "admin" = "user"): Promise<void> {
    const answer = await this.#ask("/api/users", { username, password: PASSWORD, role });
    assertEquals([answer.status, await answer.text().then(() => "")], [201, ""]);
  }

  /** A person with an account who has signed in, and is at the address `to`. */
  async signedIn(username: string, to = "/chat/", options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.person(options);
    const answer = await page.request.post(`${this.url}/api/session`, {
      data: { username, password: PASSWORD },
    });
    assertEquals(answer.status(), 200);
    await page.goto(this.url + to);
    return page;
  }

  /** Says something in a room, as a backend does. */
  async say(room: string, message: string, username = "ada"): Promise<void> {
    const answer = await this.#ask(`/api/rooms/${encodeURIComponent(room)}/messages`, { message, username });
    assertEquals([answer.status, await answer.text().then(() => "")], [201, ""]);
  }

  /** The rows of changes: what was done, and the text or emoji. */
  async changes(): Promise<string[]> {
    const [, ...rows] = (await Deno.readTextFile(`${this.#directory}/ChatLogs.changes.csv`)).trim().split(
      "\n",
    );
    return rows.map((row) => row.split(",")).map(([, , , change, , text]) => `${change} ${text}`.trim());
  }

  /** The rows of the sheet that hold a text. */
  async rowsWith(text: string): Promise<number> {
    const rows = await Deno.readTextFile(`${this.#directory}/ChatLogs.csv`);
    return rows.split(text).length - 1;
  }

  async #ask(path: string, body: unknown): Promise<Response> {
    return await fetch(this.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#contexts.map((context) => context.close()));
    await this.#service.stop();
    await Deno.remove(this.#directory, { recursive: true });
  }
}

/** Waits until a room's page is connected and has shown its history. */
export async function connected(page: Page): Promise<void> {
  await page.locator("body[data-connection=open] [data-part=list][data-ready]").waitFor();
}

/** Fills the sign-in form and sends it. */
export async function signIn(page: Page, username: string, password: string): Promise<void> {
  await page.locator("[name=username]").fill(username);
  await page.locator("[name=password]").fill(password);
  await page.locator("[type=submit]").click();
}

/** Writes a message and sends it. */
export async function send(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox").fill(text);
  await page.getByRole("textbox").press("Enter");
}

/** The bubbles with exactly this text. */
export function bubble(page: Page, text: string): ReturnType<Page["locator"]> {
  const said = page.locator(".message__body, .message__body *, .message__unread");
  return page.locator(".message").filter({ has: page.getByText(text, { exact: true }).and(said) });
}

/** Points at a message with exactly this text, and answers its toolbar. */
export async function toolbarOf(page: Page, text: string): Promise<ReturnType<Page["locator"]>> {
  await page.locator("[data-actions]").waitFor();
  await bubble(page, text).hover();
  const toolbar = bubble(page, text).getByRole("toolbar");
  await toolbar.waitFor();
  return toolbar;
}

/** The texts of all messages, in the order they stand. */
export async function messages(page: Page): Promise<string[]> {
  return await page.locator(".message__body").allInnerTexts();
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
