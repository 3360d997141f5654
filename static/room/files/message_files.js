import { at } from "../../shared/address.js";
import { icon } from "../../shared/parts.js";

/** @import { MessageFile } from "../../../rooms/protocol.ts" */
/** @import { Words } from "../../shared/words.js" */

/** Pictures that browsers show. */
const SHOWN = /^image\/(png|jpeg|gif|webp|avif)$/;
/** A picture with more pixels takes hundreds of megabytes to show: it is a card, to be downloaded. */
const MAX_PIXELS = 20_000_000;
/** CSS pixels of a picture in the list. */
const MAX_SIDE = 320;
const MIN_SIDE = 48;

/** Whether a file is a picture that is shown. @param {MessageFile} file @returns {boolean} */
export function isPicture({ type, width = 0, height = 0 }) {
  return SHOWN.test(type) && width * height > 0 && width * height <= MAX_PIXELS;
}

/** Where a file is. @param {Pick<MessageFile, "id" | "name">} file @returns {string} */
export function addressOf({ id, name }) {
  return at(`/files/${id}/${encodeURIComponent(name)}`);
}

/** A size as people read it. @param {number} bytes @returns {string} */
export function sizeText(bytes) {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/**
 * The pictures and files of a message. Their sizes are known, so that nothing moves when they load, and they load only when
 * they come into view.
 * @param {readonly MessageFile[]} files
 * @param {Words} words
 * @returns {HTMLElement}
 */
export function messageFiles(files, words) {
  const list = document.createElement("div");
  list.className = "message__files";
  list.dataset.files = keyOf(files);
  list.append(...files.map((file) => isPicture(file) ? picture(file, words) : card(file, words)));
  return list;
}

/** What tells files from others. @param {readonly MessageFile[]} files @returns {string} */
export function keyOf(files) {
  return files.map(({ id, alt = "" }) => `${id} ${alt}`).join("\n");
}

/** @param {MessageFile} file @param {Words} words */
function picture(file, words) {
  const { id, name, alt = "", width = 1, height = 1 } = file;
  const link = document.createElement("a");
  link.className = "message__picture";
  link.href = addressOf(file);
  link.target = "_blank";
  link.rel = "noopener";
  link.dataset.action = "view";
  link.dataset.file = id;
  link.dataset.name = name;
  link.dataset.alt = alt;
  link.setAttribute("aria-label", words.say("picture", { name: alt || name }));
  const image = document.createElement("img");
  const scale = Math.min(1, MAX_SIDE / width, MAX_SIDE / height);
  image.width = Math.max(MIN_SIDE, Math.round(width * scale));
  image.height = Math.max(MIN_SIDE, Math.round(height * scale));
  image.alt = "";
  image.loading = "lazy";
  image.decoding = "async";
  image.src = link.href;
  link.append(image);
  return link;
}

/** @param {MessageFile} file @param {Words} words */
function card(file, words) {
  const link = document.createElement("a");
  link.className = "message__file";
  link.href = `${addressOf(file)}?download=1`;
  link.download = file.name;
  const name = document.createElement("bdi");
  name.className = "message__file-name";
  name.textContent = file.name;
  const size = document.createElement("span");
  size.className = "message__file-size";
  size.textContent = sizeText(file.size);
  link.append(icon("file"), name, size);
  link.title = words.say("download", { name: file.name, size: sizeText(file.size) });
  return link;
}
