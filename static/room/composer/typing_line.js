/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { Words } from "../../shared/words.js" */

/** A person is shown as typing for this long after the last report, twice the interval of reports. */
const SHOWN_MS = 5_000;
/** After a message its author's reports are ignored for this long: the server collects them, so that one may come late. */
const IGNORED_MS = 500;

/**
 * Says who is typing: until their message or edit arrives, or until no report has come for 5 s.
 * @param {HTMLElement} line
 * @param {{ socket: RoomSocket, words: Words }} parts
 * @returns {() => void} unmounts
 */
export function mountTypingLine(line, { socket, words }) {
  /** @type {Map<string, { user: string, timer: number }>} by person: the name, and the timer that removes it */
  const typing = new Map();
  /** @type {Map<string, number>} by person: the timer until which reports are ignored */
  const quiet = new Map();
  const idle = line.textContent;
  const show = () => {
    const names = Array.from(typing.values(), ({ user }) => user);
    line.textContent = names.length
      ? words.say("typing", { names: words.list(names), count: names.length })
      : idle;
    line.toggleAttribute("data-typing", names.length > 0);
  };
  /** @param {string} person */
  const end = (person) => {
    clearTimeout(typing.get(person)?.timer);
    if (typing.delete(person)) show();
  };
  /** @param {string} person */
  const stopTyping = (person) => {
    end(person);
    clearTimeout(quiet.get(person));
    quiet.set(person, setTimeout(() => quiet.delete(person), IGNORED_MS));
  };
  const offs = [
    socket.on("typing", ({ person, user }) => {
      if (quiet.has(person)) return;
      clearTimeout(typing.get(person)?.timer);
      typing.set(person, { user, timer: setTimeout(end, SHOWN_MS, person) });
      show();
    }),
    socket.on("messages", ({ messages, from }) => {
      if (from === "live") messages.forEach(({ person, username }) => stopTyping(person ?? username));
    }),
    socket.on("changed", ({ frame, isForReader }) => {
      if (isForReader || frame.type !== "message_edited") return;
      for (const [person, { user }] of [...typing]) if (user === frame.user) stopTyping(person);
    }),
    socket.on(
      "online",
      (people) => {
        const here = new Set(people.map(({ person }) => person));
        [...typing.keys()].filter((person) => !here.has(person)).forEach(end);
      },
    ),
  ];
  return () => {
    offs.forEach((off) => off());
    for (const { timer } of typing.values()) clearTimeout(timer);
    for (const timer of quiet.values()) clearTimeout(timer);
  };
}
