/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { Words } from "../../shared/words.js" */

const LEASE_MS = 5_000;
/** The server gathers what it tells about typing, so that it may come after the message that was typed. */
const LATE_MS = 500;

/**
 * Says who is typing. Everyone's turn ends with their message, or by itself when nothing more is heard.
 * @param {HTMLElement} line
 * @param {{ socket: RoomSocket, words: Words }} parts
 * @returns {() => void} unmounts
 */
export function mountTypingLine(line, { socket, words }) {
  /** @type {Map<string, { user: string, timer: number }>} person → the name, and the timer that ends its turn */
  const turns = new Map();
  /** @type {Map<string, number>} person → the timer that ends the time for what comes late */
  const spoke = new Map();
  const idle = line.textContent;
  const show = () => {
    const names = Array.from(turns.values(), ({ user }) => user);
    line.textContent = names.length
      ? words.say("typing", { names: words.list(names), count: names.length })
      : idle;
    line.toggleAttribute("data-typing", names.length > 0);
  };
  /** @param {string} person */
  const end = (person) => {
    clearTimeout(turns.get(person)?.timer);
    if (turns.delete(person)) show();
  };
  /** @param {string} person */
  const speak = (person) => {
    end(person);
    clearTimeout(spoke.get(person));
    spoke.set(person, setTimeout(() => spoke.delete(person), LATE_MS));
  };
  const offs = [
    socket.on("typing", ({ person, user }) => {
      if (spoke.has(person)) return;
      clearTimeout(turns.get(person)?.timer);
      turns.set(person, { user, timer: setTimeout(end, LEASE_MS, person) });
      show();
    }),
    socket.on("messages", ({ messages, from }) => {
      if (from === "live") messages.forEach(({ person, username }) => speak(person ?? username));
    }),
    socket.on(
      "online",
      (people) => {
        const here = new Set(people.map(({ person }) => person));
        [...turns.keys()].filter((person) => !here.has(person)).forEach(end);
      },
    ),
  ];
  return () => {
    offs.forEach((off) => off());
    for (const { timer } of turns.values()) clearTimeout(timer);
    for (const timer of spoke.values()) clearTimeout(timer);
  };
}
