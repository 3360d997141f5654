import { part } from "../shared/parts.js";

/** @import { ActionsParts } from "./actions/actions.js" */
/** @import { SearchParts } from "./search/search_panel.js" */

/** Made by `deno task bundle`. */
const MODULE = "./room_actions.js";

/**
 * Loads what can be done with messages, and the search in them, once the room is there: who is on a slow line reads sooner. It is tried again with
 * each connection until it is loaded.
 * @param {HTMLElement} list
 * @param {ActionsParts & Pick<SearchParts, "people">} parts
 * @returns {void}
 */
export function loadActions(list, parts) {
  const off = parts.socket.on("messages", async () => {
    off();
    try {
      const { mountActions, mountAttachments, mountGallery, mountModeration, mountSearch, mountViewer } =
        await import(MODULE);
      mountActions(list, parts);
      mountModeration(list, parts);
      mountAttachments(parts.composer, { ...parts, maxBytes: Number(document.body.dataset.maxFileBytes) });
      mountViewer(part("viewer"), list);
      mountGallery(part("gallery"), { ...parts, opener: part("gallery-open") });
      mountSearch(part("search"), {
        ...parts,
        list,
        opener: part("search-open"),
      });
      list.toggleAttribute("data-actions", true);
    } catch {
      const again = parts.socket.on("connection", ({ state }) => {
        if (state !== "open") return;
        again();
        loadActions(list, parts);
      });
    }
  });
}
