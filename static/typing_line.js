/** @import { RoomSocket } from "./socket.js" */
/** @import { Words } from "./words.js" */

const LEASE_MS = 5_000;

/**
 * Says who is typing. Everyone's turn ends with their message, or by itself when nothing more is heard.
 * @param {HTMLElement} line
 * @param {{ socket: RoomSocket, words: Words }} parts
 * @returns {() => void} unmounts
 */
export function mountTypingLine(line, { socket, words }) {
  /** @type {Map<string, number>} name → the timer that ends its turn */
  const turns = new Map();
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
  const offs = [
    socket.on("typing", (user) => {
      clearTimeout(turns.get(user));
      turns.set(user, setTimeout(end, LEASE_MS, user));
      show();
    }),
    socket.on("messages", ({ messages, from }) => {
      if (from === "live") messages.forEach(({ username }) => end(username));
    }),
    socket.on(
      "online",
      (users) => [...turns.keys()].filter((user) => !users.includes(user)).forEach(end),
    ),
  ];
  return () => {
    offs.forEach((off) => off());
    turns.forEach((timer) => clearTimeout(timer));
  };
}
