/** What people write: messages a second of a full room by script, with and without signs that might name somebody. */
import { startProcess } from "../support/process.ts";
import { temporaryDirectory, TOKEN } from "../support/service.ts";
import { type Figure, table } from "./figures.ts";
import { connect, disconnect, pause } from "./talk.ts";

const MEMBERS = 10;
const WINDOW = 32;
const SECONDS = 2;

const ENGLISH = "The quick brown fox jumps over the lazy dog";
const CHINESE = "敏捷的棕色狐狸跳過了那隻懶惰的狗今天下午三點開會";
const EMOJI = "🎉🙂👍🏽👨‍👩‍👧‍👦🇹🇼❤️🐈‍⬛🎈🎊🥳";

const TEXTS = {
  "ASCII": ENGLISH,
  "Chinese": CHINESE,
  "emoji": EMOJI,
  "mixed": `${ENGLISH.slice(0, 20)} ${CHINESE.slice(0, 10)} 🎉`,
  "an address": `write to ada@example.com or https://example.com/@ada`,
  "a sign before a space": `@ 今天 ${CHINESE.slice(0, 12)}`,
  "@ and nobody's name": `@nobody ${ENGLISH}`,
  "@ and nobody's name, Chinese": `@沒有這個人 ${CHINESE}`,
  "@ and an account's name": `@ada ${ENGLISH}`,
  "@ and an account's name, Chinese": `@小安 ${CHINESE}`,
};

/** One room of {@link MEMBERS}, one sender, for each text. */
export async function texts(runs: number): Promise<Figure[]> {
  const values = new Map<string, number[]>(Object.keys(TEXTS).map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    await using directory = await temporaryDirectory();
    await using service = await startProcess({
      KV_PATH: `${directory.path}/t.db`,
      LOG_CSV_PATH: `${directory.path}/log.csv`,
      SERVICE_TOKEN: TOKEN,
    });
    for (const username of ["ada", "小安"]) {
      const answer = await fetch(`${service.url}/api/users`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
        body: JSON.stringify({ username, password: "a password of a bench" }),
      });
      if (!answer.ok) throw new Error(await answer.text());
      await answer.body?.cancel();
    }
    // The first seconds of a process are slower.
    await rate(service.url, TEXTS.mixed);
    for (const [name, text] of Object.entries(TEXTS)) values.get(name)?.push(await rate(service.url, text));
  }
  return Array.from(values, ([name, values]) => ({ bench: "texts", name, unit: "messages/s", values }));
}

async function rate(url: string, text: string): Promise<number> {
  let sent = 0;
  let heard = 0;
  const message = JSON.stringify({ message: text });
  let sockets: readonly WebSocket[] = [];
  const pump = (): void => {
    const [sender] = sockets;
    for (; sender && sent - heard < WINDOW; sent++) sender.send(message);
  };
  sockets = await connect(url, MEMBERS, (member, text) => {
    if (member !== 0) return;
    heard += text.split(`"type":"chat_message"`).length - 1;
    pump();
  });
  pump();
  await pause(500);
  const before = heard;
  await pause(SECONDS * 1_000);
  const after = heard;
  await disconnect(sockets);
  return (after - before) / SECONDS;
}

// deno-lint-ignore no-console -- a command speaks on stdout
if (import.meta.main) console.log(table(await texts(3)));
