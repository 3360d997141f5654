import { ask } from "../shared/api.js";
import { part } from "../shared/parts.js";
import { isPushed, subscribe, unsubscribe } from "../notifications/push.js";

/** @import { Words } from "../shared/words.js" */

/**
 * Shows the button that turns pushes to this browser on and off, where the service and the browser have them.
 * @param {HTMLElement} element
 * @param {{ words: Words }} parts
 * @returns {Promise<void>}
 */
export async function mountPushButton(element, { words }) {
  if (!("PushManager" in globalThis) || !isSecureContext) return;
  const { ok, body } = await ask("GET", "/api/push/key");
  if (!ok || !body.key) return;
  const button = /** @type {HTMLButtonElement} */ (part("push-button", element));
  let isOn = await isPushed();
  const show = () => {
    button.textContent = words.say(isOn ? "push_off" : "push_on");
    element.hidden = false;
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    part("push-error", element).textContent = "";
    if (isOn) await unsubscribe();
    else if (!await subscribe(body.key)) part("push-error", element).textContent = words.say("push_failed");
    isOn = await isPushed();
    button.disabled = false;
    show();
  });
  show();
}
