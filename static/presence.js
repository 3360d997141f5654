import { paintPerson } from "./person_colors.js";

/** @import { RoomSocket } from "./socket.js" */
/** @import { Words } from "./words.js" */

/**
 * Shows who is online: the count in the header, and the people in a panel that the count opens on narrow
 * screens.
 * @param {HTMLElement} panel
 * @param {{ socket: RoomSocket, words: Words, username: string, opener: HTMLButtonElement }} parts
 * @returns {() => void} unmounts
 */
export function mountPresence(panel, { socket, words, username, opener }) {
  const list = /** @type {HTMLElement} */ (panel.querySelector("[data-part=people]"));
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("[data-template=person]"));
  const count = /** @type {HTMLElement} */ (opener.querySelector("[data-part=count]"));
  const listening = new AbortController();
  const { signal } = listening;

  /** @param {string[]} users */
  const showPeople = (users) => {
    const ownFirst = [...users].sort((a, b) => Number(b === username) - Number(a === username));
    list.replaceChildren(
      ...ownFirst.map((user) => personRow(template, user, user === username ? words.say("you") : "")),
    );
    count.textContent = words.say("online", { count: users.length });
  };
  /** @param {boolean} isOpen */
  const setOpen = (isOpen) => {
    panel.toggleAttribute("data-open", isOpen);
    opener.setAttribute("aria-expanded", String(isOpen));
    (isOpen ? panel : opener).focus();
  };
  const isOpen = () => panel.hasAttribute("data-open");

  opener.addEventListener("click", () => setOpen(!isOpen()), { signal });
  panel.querySelector("[data-part=close]")?.addEventListener(
    "click",
    () => setOpen(false),
    { signal },
  );
  document.addEventListener(
    "keydown",
    ({ key }) => key === "Escape" && isOpen() && setOpen(false),
    { signal },
  );
  document.addEventListener("pointerdown", ({ target }) => {
    const isOutside = target instanceof Node && !panel.contains(target) &&
      !opener.contains(target);
    if (isOpen() && isOutside) setOpen(false);
  }, { signal });
  const offs = [
    socket.on("online", showPeople),
    socket.on("connection", ({ state }) => {
      if (state === "waiting") {
        count.textContent = words.say(navigator.onLine ? "reconnecting" : "offline");
      }
      if (state === "refused") count.textContent = words.say("not_connected");
    }),
  ];
  return () => {
    offs.forEach((off) => off());
    listening.abort();
  };
}

/** @param {HTMLTemplateElement} template @param {string} user @param {string} remark @returns {Node} */
function personRow(template, user, remark) {
  const row = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  paintPerson(
    /** @type {HTMLElement} */ (row.querySelector("[data-part=avatar]")),
    user,
  );
  for (const [part, text] of [["name", user], ["remark", remark]]) {
    /** @type {HTMLElement} */ (row.querySelector(`[data-part=${part}]`))
      .textContent = text;
  }
  return row;
}
