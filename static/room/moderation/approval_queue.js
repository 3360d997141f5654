import { ask } from "../../shared/api.js";
import { copyOf, part } from "../../shared/parts.js";

/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { Words } from "../../shared/words.js" */

/**
 * Shows hosts the messages that wait for approval, the oldest first. A decision takes its row away and leads the focus to the
 * next one, so that Enter works through all of them.
 * @param {HTMLElement} queue
 * @param {{ socket: RoomSocket, words: Words, path: string, before: HTMLElement }} parts `path`: the room's in the API;
 * `before`: what it is put in front of
 * @returns {() => void} unmounts
 */
export function mountApprovalQueue(queue, { socket, words, path, before }) {
  const list = part("queue-list", queue);
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("[data-template=pending]"));
  const listening = new AbortController();
  before.before(queue);

  const showCount = () => {
    queue.hidden = !list.children.length;
    part("queue-title", queue).textContent = words.say("waiting", { count: list.children.length });
  };
  /** @param {string} id */
  const rowOf = (
    id,
  ) => /** @type {HTMLElement | null} */ (list.querySelector(`[data-id="${CSS.escape(id)}"]`));
  /** @param {{ id: string, username: string, message: string }} pending */
  const add = ({ id, username, message }) => {
    if (rowOf(id)) return;
    const row = /** @type {HTMLElement} */ (copyOf(template));
    row.dataset.id = id;
    part("name", row).textContent = username;
    part("body", row).textContent = message;
    list.append(row);
    showCount();
  };
  /** A decision, of this host or another one, is often heard of before it is answered. @param {string} id */
  const remove = (id) => {
    const row = rowOf(id);
    const decision =
      /** @type {HTMLElement | null | undefined} */ (row?.querySelector("[data-decision]:focus"))
        ?.dataset.decision;
    const next = row?.nextElementSibling ?? row?.previousElementSibling;
    row?.remove();
    showCount();
    if (!decision) return;
    /** @type {HTMLElement | null | undefined} */ (next?.querySelector(`[data-decision=${decision}]`))
      ?.focus();
  };
  const load = async () => {
    if (document.body.dataset.mayModerate !== "true") return;
    const { ok, body } = await ask("GET", `${path}/pending`);
    if (!ok) return;
    list.replaceChildren();
    showCount();
    body.pending.forEach(add);
  };

  list.addEventListener("click", async ({ target }) => {
    const button =
      /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("[data-decision]"));
    const row = /** @type {HTMLElement | null} */ (button?.closest("[data-id]"));
    if (!button || !row) return;
    const { ok, code } = await ask("POST", `${path}/pending/${row.dataset.id}`, {
      approve: button.dataset.decision === "approve",
    });
    if (!ok && code !== "not_found" && code !== "too_late") return;
    remove(row.dataset.id ?? "");
  }, { signal: listening.signal });
  const offs = [
    socket.on("pending", add),
    socket.on("decided", remove),
    socket.on("rules", ({ mayChange }) => mayChange !== undefined && void load()),
  ];
  void load();
  return () => {
    offs.forEach((off) => off());
    listening.abort();
  };
}
