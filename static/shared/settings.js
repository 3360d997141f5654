import { at } from "./address.js";
import { followAccount } from "./former_account.js";
import { openStorage } from "./storage.js";

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/**
 * Makes the header's switches for language and theme work at once and for good, and sees to it that a page of an
 * account isn't shown again to whoever comes after it.
 * @returns {void}
 */
export function mountSettings() {
  const account = document.querySelector("meta[name=account]")?.getAttribute("content") ?? "";
  followAccount(openStorage(), account);
  addEventListener("pageshow", ({ persisted }) => {
    // The browser has kept the page as it was; who is signed in by now only the service knows.
    if (!persisted || !account) return;
    document.body.hidden = true;
    location.reload();
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

/** The theme that the system has is chosen by choosing none, so that the page keeps following the system. */
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
