import { ask } from "../shared/api.js";
import { mountForm } from "../shared/form.js";
import { copyOf, part } from "../shared/parts.js";
import { pageWords } from "../shared/words.js";

/**
 * @typedef {{ id: string, name: string, uses: number, used: number, expires: string, valid: boolean, people: { name: string }[] }} Invite
 */

const words = pageWords();
const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-part=invite]"));
const list = part("invites");
const template = /** @type {HTMLTemplateElement} */ (document.querySelector("[data-template=invite]"));
const path = `/api/rooms/${encodeURIComponent(form.dataset.room ?? "")}/invites`;

mountForm(form, {
  words,
  method: "POST",
  path,
  body: ({ name, hours, uses, role }) => ({
    name,
    role,
    expires_in_hours: Number(hours),
    uses: Number(uses),
  }),
  done: (invite) => {
    showPoster(invite);
    void load();
  },
});
part("print").addEventListener("click", () => print());
void load();

/** @param {{ url: string, qr: string }} invite the only time that its link is known @returns {void} */
function showPoster({ url, qr }) {
  const link = /** @type {HTMLAnchorElement} */ (part("url"));
  link.href = link.textContent = url;
  /** @type {HTMLImageElement} */ (part("qr")).src = `data:image/svg+xml,${encodeURIComponent(qr)}`;
  part("poster").hidden = false;
}

/** Shows all invitations. @returns {Promise<void>} */
async function load() {
  const { ok, body } = await ask("GET", path);
  if (ok) list.replaceChildren(...body.invites.map(rowOf));
}

/** @param {Invite} invite @returns {HTMLElement} */
function rowOf({ id, name, uses, used, expires, valid, people }) {
  const row = copyOf(template);
  const ends = new Date(expires).toLocaleString(document.documentElement.lang, {
    dateStyle: "medium",
    timeStyle: "short",
  });
  part("invite-name", row).textContent = name || words.say("invite_no_name");
  part("fact", row).textContent = words.say(
    valid ? uses ? "invite_came_of" : "invite_came" : "invite_ended",
    {
      used,
      uses,
      ends,
    },
  );
  part("people", row).textContent = people.map((person) => person.name).join(words.say("invite_separator"));
  const revoke = part("revoke", row);
  revoke.hidden = !valid;
  revoke.addEventListener("click", async () => {
    if ((await ask("DELETE", `${path}/${id}`)).ok) void load();
  });
  return row;
}
