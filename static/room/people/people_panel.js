import { copyOf, part } from "../../shared/parts.js";
import { verifiedMark } from "../../shared/person.js";
import { paintPerson } from "../../shared/person_colors.js";

/** @import { OnlinePerson } from "../../../rooms/protocol.ts" */
/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { Words } from "../../shared/words.js" */

/**
 * Shows who is online: their number in the header, which opens the panel on narrow screens, and the people in the panel.
 * @param {HTMLElement} panel
 * @param {{ socket: RoomSocket, words: Words, opener: HTMLButtonElement }} parts
 * @returns {() => void} unmounts
 */
export function mountPeoplePanel(panel, { socket, words, opener }) {
  const list = /** @type {HTMLElement} */ (panel.querySelector("[data-part=people]"));
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("[data-template=person]"));
  const count = /** @type {HTMLElement} */ (opener.querySelector("[data-part=count]"));
  const listening = new AbortController();
  const { signal } = listening;

  /** @param {OnlinePerson[]} people */
  const showPeople = (people) => {
    /** @param {OnlinePerson} one */
    const isSelf = ({ person }) => person === socket.person;
    const ownFirst = [...people].sort((a, b) => Number(isSelf(b)) - Number(isSelf(a)));
    list.replaceChildren(
      ...ownFirst.map((one) => personRow(template, words, { ...one, isSelf: isSelf(one) })),
    );
    count.textContent = words.say("online", { count: people.length });
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

/**
 * @param {HTMLTemplateElement} template
 * @param {Words} words
 * @param {OnlinePerson & { isSelf: boolean }} person
 * @returns {Node}
 */
function personRow(template, words, { person, username, account: hasAccount, isSelf }) {
  const row = copyOf(template);
  row.dataset.person = person;
  paintPerson(part("avatar", row), username);
  part("name", row).textContent = username;
  if (hasAccount) part("name", row).append(verifiedMark(words.say("account")));
  part("remark", row).textContent = isSelf ? words.say("you") : "";
  return row;
}
