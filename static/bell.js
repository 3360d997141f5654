// Guests have no notifications, and needn't load what shows them.
if (document.body.dataset.role !== "guest") {
  const { mountBell } = await import("./bell_panel.js");
  mountBell(/** @type {HTMLElement} */ (document.querySelector("[data-part=bell]")));
}
