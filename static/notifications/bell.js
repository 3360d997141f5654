const bell = /** @type {HTMLElement | null} */ (document.querySelector("[data-part=bell]"));
// Guests have no notifications, and needn't load what shows them.
if (bell && document.body.dataset.role !== "guest") {
  const { mountBell } = await import("./bell_panel.js");
  mountBell(bell);
}
