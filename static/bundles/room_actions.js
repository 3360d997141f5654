/** What can be done with the messages of a room, and the search in them, made into one module by `deno task bundle`; pages load it when they are ready. */
export { mountActions } from "../room/actions/actions.js";
export { mountAttachments } from "../room/files/attachments.js";
export { mountGallery } from "../room/files/gallery.js";
export { mountViewer } from "../room/files/viewer.js";
export { mountModeration } from "../room/moderation/moderation.js";
export { mountSearch } from "../room/search/search_panel.js";
