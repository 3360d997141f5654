import { element, icon, part } from "../../shared/parts.js";
import { addressOf, isPicture } from "./message_files.js";
import { shrink } from "./shrink.js";
import { failureSentence, upload } from "./upload.js";

/** @import { MessageFile } from "../../../rooms/protocol.ts" */
/** @import { Words } from "../../shared/words.js" */
/** @import { RoomSocket } from "../connection/room_socket.js" */

/** Files of one message, as the server takes them. */
export const MAX_FILES = 10;
/** Uploads at a time: the others wait. */
const AT_ONCE = 3;
/**
 * A file that is attached to the message that is being written.
 * @typedef {object} Attached
 * @property {File} [source] as it was chosen; missing where the page was loaded again meanwhile
 * @property {MessageFile} [file] once it is uploaded
 * @property {string} failure the server's code, or ""
 * @property {string} alt
 * @property {boolean} isRunning
 * @property {AbortController} aborting
 * @property {HTMLElement} element
 */

/**
 * @typedef {object} AttachmentsParts
 * @property {string} room
 * @property {Words} words
 * @property {RoomSocket} socket
 * @property {number} maxBytes
 */

/**
 * Attaches files to the message that is being written: by the button, by pasting, by dropping. They are uploaded at once, and
 * again when the connection is back. It fires `attached` at the form (detail: the files that are uploaded, and whether others
 * aren't), and listens to `detach` and `attach` (detail: files).
 * @param {HTMLFormElement} form
 * @param {AttachmentsParts} parts
 * @returns {() => void} unmounts
 */
export function mountAttachments(form, parts) {
  const attachments = new Attachments(form, parts);
  return () => attachments.release();
}

class Attachments {
  #form;
  #parts;
  #list;
  /** @type {HTMLInputElement} */
  #original;
  /** @type {Attached[]} */
  #attached = [];
  #listening = new AbortController();
  #off;

  /** @param {HTMLFormElement} form @param {AttachmentsParts} parts */
  constructor(form, parts) {
    this.#form = form;
    this.#parts = parts;
    this.#list = part("attachments", form);
    this.#original = part("original", form);
    const { signal } = this.#listening;
    const input = /** @type {HTMLInputElement} */ (part("files", form));
    const button = /** @type {HTMLButtonElement} */ (part("attach", form));
    const field = /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea"));
    const enable = () => (button.disabled = field.disabled);
    button.hidden = false;
    enable();
    /** @param {EventTarget} target @param {string} type @param {(event: any) => void} act */
    const on = (target, type, act) => target.addEventListener(type, act, { signal });
    on(form, "available", enable);
    on(button, "click", () => input.click());
    on(input, "change", () => {
      this.#add([...input.files ?? []]);
      input.value = "";
    });
    on(field, "paste", (event) => this.#take(event, event.clipboardData));
    const main = /** @type {HTMLElement} */ (form.closest("main"));
    const hasFiles = (/** @type {DragEvent} */ { dataTransfer }) => dataTransfer?.types.includes("Files");
    on(main, "dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      main.toggleAttribute("data-dropping", !field.disabled);
    });
    on(main, "dragleave", (event) => {
      if (!main.contains(event.relatedTarget)) main.removeAttribute("data-dropping");
    });
    on(main, "drop", (event) => {
      main.removeAttribute("data-dropping");
      this.#take(event, event.dataTransfer);
    });
    on(form, "detach", () => this.#clear());
    on(form, "attach", ({ detail }) => this.#put(detail));
    this.#off = parts.socket.on("connection", ({ state }) => {
      if (state === "open") this.#goOn();
    });
    form.dispatchEvent(new CustomEvent("attachable"));
  }

  release() {
    this.#off();
    this.#listening.abort();
    for (const { aborting } of this.#attached) aborting.abort();
  }

  /** Takes files that were pasted or dropped. @param {Event} event @param {DataTransfer | null} data */
  #take(event, data) {
    const files = [...data?.files ?? []];
    if (!files.length) return;
    // A table that is copied comes as a picture, too: its text is wanted.
    if (event.type === "paste" && data?.types.includes("text/plain")) return;
    event.preventDefault();
    this.#add(files);
  }

  /** @param {File[]} files */
  #add(files) {
    const field = /** @type {HTMLTextAreaElement} */ (this.#form.querySelector("textarea"));
    if (field.disabled) return;
    const room = MAX_FILES - this.#attached.length;
    part("error", this.#form).textContent = files.length > room
      ? this.#parts.words.say("file_many", { count: MAX_FILES })
      : "";
    for (const source of files.slice(0, room)) this.#show({ source });
    this.#goOn();
    field.focus();
  }

  /** Puts files back that are uploaded already. @param {readonly MessageFile[]} files */
  #put(files) {
    for (const file of files) {
      if (!this.#attached.some((one) => one.file?.id === file.id)) this.#show({ file, alt: file.alt });
    }
    this.#notify();
  }

  /** @param {{ source?: File, file?: MessageFile, alt?: string }} given */
  #show({ source, file, alt = "" }) {
    const element = document.createElement("li");
    element.className = "attachments__item";
    /** @type {Attached} */
    const one = {
      source,
      file,
      alt,
      failure: "",
      isRunning: false,
      aborting: new AbortController(),
      element,
    };
    this.#attached.push(one);
    this.#list.append(element);
    this.#draw(one);
  }

  /** Begins with the uploads that wait. */
  #goOn() {
    const running = this.#attached.filter(({ isRunning }) => isRunning).length;
    const waiting = this.#attached.filter(({ file, failure, isRunning }) =>
      !file && !isRunning && (!failure || failure === "offline")
    );
    for (const one of waiting.slice(0, AT_ONCE - running)) void this.#upload(one);
    this.#notify();
  }

  /** @param {Attached} one */
  async #upload(one) {
    const { room, maxBytes } = this.#parts;
    if (!one.source) return;
    one.isRunning = true;
    one.failure = "";
    this.#draw(one);
    const bar = /** @type {HTMLProgressElement | null} */ (one.element.querySelector("progress"));
    const source = this.#original.checked ? one.source : await shrink(one.source);
    const local = !source ? "undrawn" : source.size > maxBytes ? "too_large" : "";
    const { file, code } = !source || local ? { file: undefined, code: local } : await upload(room, source, {
      signal: one.aborting.signal,
      progress: (share) => bar && (bar.value = share),
    });
    one.isRunning = false;
    if (code === "aborted") return this.#goOn();
    one.file = file;
    one.failure = code;
    this.#draw(one);
    // Without an answer the next connection tries again.
    if (code === "offline") this.#notify();
    else this.#goOn();
  }

  /** @param {Attached} one */
  #remove(one) {
    one.aborting.abort();
    one.element.remove();
    this.#attached = this.#attached.filter((other) => other !== one);
    this.#goOn();
    /** @type {HTMLElement | null} */ (this.#form.querySelector("textarea"))?.focus();
  }

  /** The message was sent, or its author has signed out. */
  #clear() {
    for (const { aborting } of this.#attached) aborting.abort();
    this.#attached = [];
    this.#list.replaceChildren();
    this.#notify();
  }

  /** Notifies the composer. */
  #notify() {
    const files = this.#attached.flatMap(({ file, alt }) => file ? [{ ...file, alt: alt || undefined }] : []);
    const isBusy = files.length < this.#attached.length;
    const hasPictures = this.#attached.some(({ source, failure }) =>
      failure === "undrawn" || source?.type.startsWith("image/")
    );
    part("original-line", this.#form).hidden = !hasPictures;
    this.#list.hidden = !this.#attached.length;
    this.#form.dispatchEvent(new CustomEvent("attached", { detail: { files, isBusy } }));
  }

  /** @param {Attached} one */
  #draw(one) {
    const { words, maxBytes } = this.#parts;
    const { source, file, failure, isRunning, element } = one;
    const name = file?.name ?? source?.name ?? "";
    element.toggleAttribute("data-failed", failure !== "" && failure !== "offline");
    const label = document.createElement("bdi");
    label.className = "attachments__name";
    label.textContent = name;
    const remove = button("icon-button", words.say("file_remove", { name }), () => this.#remove(one));
    remove.append(icon("close"));
    /** @type {Node[]} */
    const parts = [this.#preview(one), label];
    if (failure) {
      const why = document.createElement("span");
      why.className = "attachments__why";
      why.role = "status";
      why.textContent = failureSentence(failure, { words, maxBytes });
      const retry = button("message__action", words.say("file_retry"), () => {
        one.failure = "";
        this.#goOn();
      });
      retry.textContent = words.say("file_retry");
      parts.push(why, retry);
    } else if (!file) {
      const bar = document.createElement("progress");
      bar.className = "attachments__bar";
      bar.ariaLabel = words.say("file_uploading", { name });
      if (!isRunning) bar.value = 0;
      parts.push(bar);
    } else if (isPicture(file)) {
      const alt = document.createElement("input");
      alt.className = "form__input attachments__alt";
      alt.maxLength = 500;
      alt.value = one.alt;
      alt.dir = "auto";
      alt.placeholder = words.say("file_alt");
      alt.ariaLabel = `${words.say("file_alt")} ${name}`;
      alt.addEventListener("input", () => {
        one.alt = alt.value.trim();
        this.#notify();
      });
      // Enter in a description must not send the message.
      alt.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
      parts.push(alt);
    }
    element.replaceChildren(...parts, remove);
  }

  /** @param {Attached} one @returns {HTMLElement | SVGElement} */
  #preview({ source, file }) {
    const isShown = file ? isPicture(file) : /^image\/(png|jpeg|gif|webp|avif)$/.test(source?.type ?? "");
    if (!isShown) return icon("file");
    const image = document.createElement("img");
    image.className = "attachments__preview";
    image.alt = "";
    if (source) {
      image.src = URL.createObjectURL(source);
      image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
    } else if (file) image.src = addressOf(file);
    return image;
  }
}

/** @param {string} className @param {string} label @param {() => void} act */
function button(className, label, act) {
  const made = element("button", { className, type: "button", ariaLabel: label });
  made.addEventListener("click", act);
  return made;
}
