/**
 * What pages cost on a slow phone with a slow line, told by what they ask for and do: `tests/bench/slow_line.ts` measures the
 * time.
 */
import { assert, assertEquals } from "@std/assert";
import { browserTest, connected } from "../support/browser.ts";

/** There and back; and 1.6 Mbit/s. */
const LATENCY_MS = 150;
const BYTES_PER_MS = 200;
/** For the page, for its files, for the socket, and for what was said. */
const WAITS = 4;
/** Of the 2 s after which a room can be used the phone's processor needs the rest. */
const MOST_ON_THE_LINE_MS = 1_200;
/** On a slow phone 25 took half a second. */
const MOST_LAYOUTS = 20;

browserTest(
  "RoomPage waits for its page, two files and its socket, with nothing of it in the cache, and has few layouts",
  async (stage) => {
    for (let index = 0; index < 50; index++) await stage.say("lobby", `message ${index}`, "bo");
    const ada = await stage.person({ viewport: { width: 375, height: 667 } });
    const tools = await ada.context().newCDPSession(ada);
    await tools.send("Network.enable");
    await tools.send("Performance.enable");
    const asked: string[] = [];
    /** The ids of requests before the socket, and what was sent for each. */
    const before = new Set<string>();
    let bytes = 0;
    let hasSocket = false;
    tools.on("Network.requestWillBeSent", ({ requestId, request: { url } }) => {
      const name = new URL(url).pathname.replace(/^\/static\/\w+\//, "");
      if (hasSocket || name === "favicon.svg") return;
      before.add(requestId);
      asked.push(name);
    });
    tools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
      if (before.has(requestId)) bytes += encodedDataLength;
    });
    tools.on("Network.webSocketCreated", () => hasSocket = true);
    tools.on("Network.webSocketFrameReceived", ({ response }) => bytes += response.payloadData.length);
    await ada.goto(stage.room("lobby", "ada"), { waitUntil: "commit" });
    await connected(ada);
    const { metrics } = await tools.send("Performance.getMetrics");
    assertEquals(asked.sort(), ["/chat/lobby/", "built/room.js", "room/room_page.css"]);
    const onTheLineMs = WAITS * LATENCY_MS + bytes / BYTES_PER_MS;
    assert(bytes > 30_000 && onTheLineMs < MOST_ON_THE_LINE_MS, `${bytes} bytes, ${onTheLineMs} ms`);
    const layouts = metrics.find(({ name }) => name === "LayoutCount")?.value ?? NaN;
    assert(layouts <= MOST_LAYOUTS, `${layouts} layouts`);
  },
);

browserTest("Rooms loads nothing of a room before somebody is about to enter one", async (stage) => {
  const ada = await stage.person();
  const asked: string[] = [];
  ada.on(
    "request",
    (request) => void asked.push(new URL(request.url()).pathname.split("/").slice(3).join("/")),
  );
  const ofRoom = () => asked.filter((path) => /\/room\.js|room_page|composer/.test(path)).sort();
  await ada.goto(`${stage.url}/chat/`, { waitUntil: "networkidle" });
  assertEquals(ofRoom(), []);
  const fetched = ["built/room.js", "room/room_page.css"].map((name) =>
    ada.waitForResponse((response) => response.url().endsWith(name))
  );
  await ada.getByRole("textbox").first().focus();
  await Promise.all(fetched);
  assertEquals(ofRoom(), ["built/room.js", "room/room_page.css"]);
});
