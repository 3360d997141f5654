import { at } from "./address.js";
import { registerServiceWorker } from "./register_service_worker.js";
import { followAccount, whenLeft } from "./former_account.js";
import { openStorage } from "./storage.js";

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/**
 * Mounts the header's switches for language and theme, which cookies remember for a year, and keeps the browser from showing
 * the page of an account again after signing out, here or in another tab.
 * @param {() => void} [left] takes what the account may see off the page; otherwise it is loaded again
 * @returns {void}
 */
export function mountSettings(left = loadAgain) {
  const account = pageAccount();
  registerServiceWorker();
  followAccount(openStorage(), account);
  whenLeft(account, left);
  addEventListener("pageshow", ({ persisted }) => {
    // The browser restored the page from memory; only the service knows who is signed in now.
    if (persisted && account) loadAgain();
  });
  const language = /** @type {HTMLAnchorElement | null} */ (document.querySelector("[data-part=language]"));
  language?.addEventListener("click", (event) => {
    event.preventDefault();
    remember("language", language.hreflang);
    location.reload();
  });
  document.querySelector("[data-part=theme]")?.addEventListener(
    "click",
    switchTheme,
  );
}

/** The id of the account whose page this is, or "". @returns {string} */
export function pageAccount() {
  return document.querySelector("meta[name=account]")?.getAttribute("content") ?? "";
}

function loadAgain() {
  document.body.hidden = true;
  location.reload();
}

/** Switches between dark and light. The system's own theme is stored as "system", so that the page keeps following it. */
function switchTheme() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const { theme = "system" } = root.dataset;
  const current = theme === "system" ? system : theme;
  const wanted = current === "dark" ? "light" : "dark";
  root.dataset.theme = wanted === system ? "system" : wanted;
  remember("theme", root.dataset.theme);
}

/** @param {string} name @param {string} value @returns {void} */
function remember(name, value) {
  document.cookie = `${name}=${value}; path=${at("/")}; max-age=${YEAR_SECONDS}; samesite=lax`;
}
