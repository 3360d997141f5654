const bell = /** @type {HTMLElement | null} */ (document.querySelector("[data-part=bell]"));
// Guests have no notifications, so they don't load the module for them.
if (bell && document.body.dataset.role !== "guest") {
  const { mountBell } = await import("./bell_panel.js");
  mountBell(bell);
}
