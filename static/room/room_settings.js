import { fieldOf } from "../shared/parts.js";
import { loadForm, mountForm, namesIn } from "../shared/form.js";
import { mountSettings } from "../shared/settings.js";
import { pageWords } from "../shared/words.js";

const words = pageWords();
const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-part=rules]"));
const path = `/api/rooms/${encodeURIComponent(form.dataset.room ?? "")}`;

/** Whether the room is this visitor's: hosts only keep order in it. */
let isOwner = false;

mountSettings();
mountForm(form, {
  words,
  method: "PATCH",
  path,
  body: (fields) => ({ ...orderIn(fields), ...isOwner && ownIn(fields) }),
  done: (rules) => {
    show(rules);
    const done = /** @type {HTMLElement} */ (form.querySelector("[data-part=done]"));
    done.textContent = words.say("saved");
  },
});
await loadForm(form, { words, path, show });

/**
 * @param {{ title: string, private: boolean, read_only: boolean, may_change: boolean, members?: string[], description?: string, listed?: boolean,
 * hosts?: string[], approval?: boolean, slow_mode_seconds?: number, blocked_words?: string[] }} rules
 * @returns {void}
 */
function show(rules) {
  isOwner = rules.may_change;
  for (const name of ["title", "private", "members", "description", "listed", "hosts"]) {
    /** @type {HTMLInputElement} */ (fieldOf(form, name)).disabled = !isOwner;
  }
  /** @type {HTMLInputElement} */ (fieldOf(form, "title")).value = rules.title;
  /** @type {HTMLInputElement} */ (fieldOf(form, "private")).checked = rules.private;
  /** @type {HTMLInputElement} */ (fieldOf(form, "read_only")).checked = rules.read_only;
  /** @type {HTMLTextAreaElement} */ (fieldOf(form, "members")).value = (rules.members ?? []).join("\n");
  /** @type {HTMLInputElement} */ (fieldOf(form, "description")).value = rules.description ?? "";
  /** @type {HTMLInputElement} */ (fieldOf(form, "listed")).checked = rules.listed === true;
  /** @type {HTMLTextAreaElement} */ (fieldOf(form, "hosts")).value = (rules.hosts ?? []).join("\n");
  /** @type {HTMLInputElement} */ (fieldOf(form, "approval")).checked = rules.approval === true;
  const seconds = /** @type {HTMLInputElement} */ (fieldOf(form, "slow_mode_seconds"));
  seconds.value = String(rules.slow_mode_seconds ?? 0);
  /** @type {HTMLTextAreaElement} */ (fieldOf(form, "blocked_words")).value = (rules.blocked_words ?? [])
    .join("\n");
}

/** What hosts may change, too. @param {Record<string, string>} fields @returns {object} */
function orderIn(fields) {
  return {
    read_only: "read_only" in fields,
    approval: "approval" in fields,
    slow_mode_seconds: Number(fields.slow_mode_seconds),
    blocked_words: namesIn(fields.blocked_words),
  };
}

/** @param {Record<string, string>} fields @returns {object} */
function ownIn(fields) {
  return {
    title: fields.title,
    private: "private" in fields,
    members: namesIn(fields.members),
    description: fields.description,
    listed: "listed" in fields,
    hosts: namesIn(fields.hosts),
  };
}
