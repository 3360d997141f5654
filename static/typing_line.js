/** @import { RoomSocket } from "./socket.js" */
/** @import { Words } from "./words.js" */

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
  /** @type {Map<string, number>} name → the timer that ends its turn */
  const turns = new Map();
  /** @type {Map<string, number>} name → the timer that ends the time for what comes late */
  const spoke = new Map();
  const idle = line.textContent;
  const show = () => {
    const names = [...turns.keys()];
    line.textContent = names.length
      ? words.say("typing", { names: words.list(names), count: names.length })
      : idle;
    line.toggleAttribute("data-typing", names.length > 0);
  };
  /** @param {string} user */
  const end = (user) => {
    clearTimeout(turns.get(user));
    if (turns.delete(user)) show();
  };
  /** @param {string} user */
  const speak = (user) => {
    end(user);
    clearTimeout(spoke.get(user));
    spoke.set(user, setTimeout(() => spoke.delete(user), LATE_MS));
  };
  const offs = [
    socket.on("typing", (user) => {
      if (spoke.has(user)) return;
      clearTimeout(turns.get(user));
      turns.set(user, setTimeout(end, LEASE_MS, user));
      show();
    }),
    socket.on("messages", ({ messages, from }) => {
      if (from === "live") messages.forEach(({ username }) => speak(username));
    }),
    socket.on(
      "online",
      (users) => [...turns.keys()].filter((user) => !users.includes(user)).forEach(end),
    ),
  ];
  return () => {
    offs.forEach((off) => off());
    [...turns.values(), ...spoke.values()].forEach((timer) => clearTimeout(timer));
  };
}
