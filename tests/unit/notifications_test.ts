import { assertEquals, assertThrows } from "@std/assert";
import { decodeInboxFrame } from "../../rooms/notifications/frames.ts";
import { mayMention, mentionedIn } from "../../rooms/notifications/mention.ts";
import { safeUrl } from "../../rooms/notifications/notification.ts";
import {
  isRead,
  NOTHING,
  type ReadMarks,
  unreadIn,
  withAllRead,
  withArrived,
  withoutBefore,
  withRead,
} from "../../rooms/notifications/read_marks.ts";
import { FrameError } from "../../rooms/protocol.ts";
import { assertGrowsInProportion } from "../support/growth.ts";
import { Nonsense } from "../support/nonsense.ts";
import { seeded } from "../support/random.ts";

Deno.test("unreadIn() counts what a plain list of marks counts, whatever happens in whatever order", () => {
  const random = seeded(7);
  const pick = (most: number): number => Math.floor(random() * most);
  for (let round = 0; round < 200; round++) {
    let reading: ReadMarks = NOTHING;
    /** By number: `true` is unread, and what is missing is gone. */
    const marks = new Map<number, boolean>();
    for (let step = 0; step < 40; step++) {
      const act = pick(10);
      if (act < 4) {
        const count = 1 + pick(3);
        for (let i = 1; i <= count; i++) marks.set(reading.last + i, true);
        reading = withArrived(reading, count);
      } else if (act < 8) {
        const number = pick(reading.last + 3);
        if (marks.has(number)) marks.set(number, false);
        reading = withRead(reading, number);
      } else if (act === 8 && random() < 0.3) {
        for (const number of marks.keys()) marks.set(number, false);
        reading = withAllRead(reading);
      } else if (act === 9) {
        const first = Math.min(reading.last + 1, reading.first + pick(4));
        for (const number of [...marks.keys()]) if (number < first) marks.delete(number);
        reading = withoutBefore(reading, first);
      }
      assertEquals(unreadIn(reading), [...marks.values()].filter(Boolean).length);
      for (const [number, isUnread] of marks) assertEquals(isRead(reading, number), !isUnread);
    }
  }
});

const NAMES = ["小安", "小安妮", "ada", "ada lovelace", "bo", "민수", "😀", "αλέξης", "dr. who"];

async function named(text: string, names: readonly string[] = NAMES): Promise<string[]> {
  const found = await mentionedIn(text, (rest, mayEnd) => {
    const fitting = names.filter((name) => rest.startsWith(name) && mayEnd(name));
    const longest = fitting.toSorted((a, b) => b.length - a.length)[0];
    return Promise.resolve(longest === undefined ? undefined : { id: longest });
  });
  return found.map(({ id }) => id);
}

for (
  const [text, ...wanted] of [
    ["@小安 你好", "小安"],
    ["嗨@小安你好", "小安"],
    ["＠小安，晚安", "小安"],
    ["@小安妮來了嗎", "小安妮"],
    ["@ＡＤＡ hi", "ada"],
    ["@Ada", "ada"],
    ["@Ada Lovelace!", "ada lovelace"],
    ["@ada你好", "ada"],
    ["(@bo)", "bo"],
    ["@bo,@ada and @BO", "bo", "ada"],
    ["@민수야", "민수"],
    ["@😀!", "😀"],
    ["@ΑΛΈΞΗΣ", "αλέξης"],
    ["@Dr. Who?", "dr. who"],
    ["@@ada", "ada"],
    ["@bo/@ada", "bo", "ada"],
    ["@ada/小安 都來", "ada"],
    ["@bo and/or @ada", "bo", "ada"],
    ["see https://x.example/a @ada", "ada"],
    ["看 https://x.example/a，@小安 說的", "小安"],
    ["https://medium.com/@ada/post"],
    ["https://medium.com/@ada"],
    ["(https://medium.com/@ada?x=@bo)"],
    ["HTTPS://x.example/?to=@ada"],
    ["medium.com/@ada"],
    ["看medium.com/@小安"],
    ["npm i @ada/pkg"],
    ["import '@ada/pkg.js'"],
    ["ftp://u:@ada@x"],
    ["https://x.example/＠ada"],
    ["a//@ada"],
    ["@adam"],
    ["@ada2"],
    ["@ada\u0301"],
    ["bo@ada.example"],
    ["@ ada"],
    ["@\nada"],
    ["@"],
    ["@小"],
  ]
) {
  Deno.test(`mentionedIn() finds ${wanted.join(" and ") || "nobody"} in ${JSON.stringify(text)}`, async () => {
    assertEquals(await named(text), wanted);
  });
}

Deno.test("mentionedIn() looks at twenty signs at most, and asks for no long names", async () => {
  let asked = 0;
  await mentionedIn("@x".repeat(2_000).replaceAll("@x", "@你"), (rest) => {
    asked++;
    if (rest.length > 600) throw new Error(`Asked for ${rest.length} characters`);
    return Promise.resolve(undefined);
  });
  assertEquals(asked, 20);
  // A character that folds to eighteen.
  await mentionedIn(`@${"\ufdfa".repeat(4_000)}`, () => Promise.resolve(undefined));
});

Deno.test("mayMention() passes over signs behind which no name begins, and leaves open what it can't know", () => {
  const mayMentionAda = (text: string) => mayMention(text, (initial) => initial === "a" || initial === "安");
  const passedOver = [
    "hi",
    "a@b",
    "@@17.1.2@@ x",
    "@ ada",
    '"@"',
    "bo@example.com",
    "@",
    "＠",
    "@\nada",
    "@\u3000小安",
  ];
  passedOver.push(
    "@ 今天",
    "＠ 今天",
    "@你好",
    "@😀",
    "@".repeat(30),
    "@бa",
    "https://medium.com/@ada/post",
    "小b@ada",
  );
  assertEquals(passedOver.filter(mayMentionAda), []);
  // A wide sign, another case, a character that folds to one, accents and invisible ones that may join.
  const looked = [
    "＠安",
    "hi @Ada",
    "b@b @ada",
    "@安你好",
    "@ａda",
    "@b\u0301o",
    "@\u200bada",
    "@😀\u200d😀",
  ];
  assertEquals(looked.filter((text) => !mayMentionAda(text)), []);
});

Deno.test("Finding mentions takes a time proportional to the text, whatever signs are in it", async () => {
  for (const piece of ["!@", "/@", "@ ", "a/", "://@", "@\n", "＠/", "@\u200b", "x@ "]) {
    const find = async (pieces: number): Promise<void> => {
      const text = piece.repeat(pieces);
      mayMention(text, () => false);
      await mentionedIn(text, () => Promise.resolve(undefined));
    };
    await assertGrowsInProportion(find, 2_000, JSON.stringify(piece));
  }
});

for (
  const [url, wanted] of [
    ["/chat/lobby/", "/chat/lobby/"],
    ["/chat/聊天室/?message=1#x", "/chat/%E8%81%8A%E5%A4%A9%E5%AE%A4/?message=1#x"],
    ["https://example.com", "https://example.com/"],
    ["http://example.com/a b", "http://example.com/a%20b"],
    ["javascript:alert(1)", undefined],
    ["JAVASCRIPT:alert(1)", undefined],
    [" javascript:alert(1)", undefined],
    ["java\nscript:alert(1)", undefined],
    ["data:text/html,x", undefined],
    ["//evil.example/", undefined],
    ["/\\evil.example/", undefined],
    ["/\t/evil.example/", undefined],
    ["/./\\evil.example/", undefined],
    ["/.//evil.example/", undefined],
    ["https://user:secret@example.com/", undefined],
    ["https:", undefined],
    ["lobby", undefined],
    ["", undefined],
    [`/${"a".repeat(2_000)}`, undefined],
    [`/${"聊".repeat(300)}`, undefined],
  ] as const
) {
  Deno.test(`safeUrl() makes ${wanted} of ${JSON.stringify(url.slice(0, 40))}`, () => {
    assertEquals(safeUrl(url), wanted);
  });
}

Deno.test("decodeInboxFrame() takes the two frames, and refuses whatever else comes", () => {
  assertEquals(decodeInboxFrame('{"type":"mark_all_read","more":1}'), { type: "mark_all_read" });
  const id = "01J00000000000000000000000";
  assertEquals(decodeInboxFrame(`{"type":"mark_read","notification_id":"${id}"}`), {
    type: "mark_read",
    notification_id: id,
  });
  const wrong = [
    "null",
    "[]",
    "1",
    "{}",
    "{",
    '{"type":"mark_read"}',
    '{"type":"mark_read","notification_id":7}',
  ];
  wrong.push(`{"type":"mark_read","notification_id":"${"1".repeat(27)}"}`, '{"type":"toString"}');
  const nonsense = new Nonsense(seeded(1));
  const frames = Array.from({ length: 500 }, () => nonsense.frame());
  for (const data of [...wrong, ...frames]) assertThrows(() => decodeInboxFrame(data), FrameError);
  assertThrows(() => decodeInboxFrame(new ArrayBuffer(3)), FrameError, "Invalid JSON");
});
