import { at } from "./address.js";

/**
 * An answer of the service. `code`: the code of a refusal, "offline" if there was no answer, or "".
 * @typedef {{ ok: boolean, code: string, retryAfterMs: number, body: any }} Answer
 */

/**
 * Sends a request to the service. Never rejects.
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<Answer>}
 */
export async function ask(method, path, body) {
  try {
    const response = await fetch(at(path), {
      method,
      headers: body && { "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const answer = await response.json();
    const { code = "", retry_after_ms: retryAfterMs = 0 } = answer;
    return { ok: response.ok, code: response.ok ? "" : code, retryAfterMs, body: answer };
  } catch {
    return { ok: false, code: "offline", retryAfterMs: 0, body: {} };
  }
}
