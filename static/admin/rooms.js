import { at } from "../shared/address.js";
import { ask } from "../shared/api.js";
import { buttonOf, RowList, write } from "../shared/row_list.js";

/** @import { Answer } from "../shared/api.js" */
/** @import { Words } from "../shared/words.js" */
/** @typedef {{ room: string, people: number, closed: boolean, title?: string, private?: boolean }} Room */
/** @typedef {{ id: string, name: string, guest: boolean }} Member */

/** The filter is applied this long after the last key. */
const TYPING_MS = 300;

/**
 * The rooms that people are in, those that are closed, and all others that were used, each with its members on request.
 * @param {HTMLElement} list
 * @param {{ words: Words, succeeded: (answer: Answer) => boolean, empty: HTMLElement, filter: HTMLInputElement }} parts
 * @returns {{ refresh: () => Promise<void> }}
 */
export function mountRooms(list, { words, succeeded, empty, filter }) {
  /** @type {Map<string, { list: RowList<Member>, element: HTMLElement }>} the member lists that are shown, by room */
  const opened = new Map();
  /** @type {number | undefined} */
  let typing;
  const rows = new RowList(list, {
    template: "room",
    keyOf: (/** @type {Room} */ { room }) => room,
    empty,
    fill(element, { room, people, closed, title = "", private: isPrivate = false }) {
      const fact = closed
        ? words.say("room_closed")
        : people
        ? words.say("room_people", { count: people })
        : words.say("room_empty");
      const link = /** @type {HTMLAnchorElement} */ (element.querySelector("a[data-slot=title]"));
      link.href = at(`/chat/${encodeURIComponent(room)}/`);
      write(element, {
        title: title || room,
        room: title && title !== room ? room : "",
        connections: fact,
        private: isPrivate ? words.say("room_private") : "",
      });
      buttonOf(element, "members").hidden = closed || !people;
      buttonOf(element, "close").hidden = closed;
      buttonOf(element, "open").hidden = !closed;
    },
    async act(act, { room }, element) {
      if (act === "members") return await toggle(room, element);
      const isClosed = act === "close";
      if (isClosed && !confirm(words.say("close_question", { room }))) return;
      if (succeeded(await ask("PATCH", pathOf("/api/rooms", room), { closed: isClosed }))) await refresh();
    },
  });
  filter.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(refresh, TYPING_MS);
  });

  async function refresh() {
    const { ok, body } = await ask(
      "GET",
      `/api/admin/rooms?filter=${encodeURIComponent(filter.value.trim())}`,
    );
    if (!ok) return;
    rows.show(body.rooms);
    for (const [room, { element }] of opened) {
      if (element.isConnected) await showMembers(room);
      else opened.delete(room);
    }
  }

  /** @param {string} room @param {HTMLElement} element */
  async function toggle(room, element) {
    const members = /** @type {HTMLElement} */ (element.querySelector("[data-slot=members]"));
    members.hidden = !members.hidden;
    buttonOf(element, "members").setAttribute("aria-expanded", String(!members.hidden));
    if (members.hidden) return void opened.delete(room);
    if (!opened.has(room)) opened.set(room, { element, list: memberList(room, members) });
    await showMembers(room);
  }

  /** @param {string} room @param {HTMLElement} element @returns {RowList<Member>} */
  function memberList(room, element) {
    return new RowList(element, {
      template: "member",
      keyOf: ({ id }) => id,
      fill: (element, { name, guest }) => write(element, { name, guest: guest ? words.say("guest") : "" }),
      async act(_, { id, name }) {
        if (!confirm(words.say("remove_member_question", { name, room }))) return;
        const path = `${pathOf("/api/admin/rooms", room)}/members/${encodeURIComponent(id)}`;
        if (succeeded(await ask("DELETE", path))) await showMembers(room);
      },
    });
  }

  /** @param {string} room */
  async function showMembers(room) {
    const { ok, body } = await ask("GET", `${pathOf("/api/admin/rooms", room)}/members`);
    if (ok) opened.get(room)?.list.show(body.members);
  }

  return { refresh };
}

/** @param {string} base @param {string} room @returns {string} */
function pathOf(base, room) {
  return `${base}/${encodeURIComponent(room)}`;
}
