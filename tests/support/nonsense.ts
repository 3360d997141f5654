/** Hostile and broken input, the same each time for the same chance. */

const TEXTS = [
  "",
  " ",
  "hi",
  "\u0000\u0007",
  "\ud800",
  "\u202e\u200b",
  "😀".repeat(64),
  "x".repeat(5_000),
  "ﷺ".repeat(64),
  "<script>alert(1)</script>",
  "=1+1",
  "__proto__",
  "constructor",
  "../../etc/passwd",
  "'; DROP TABLE users; --",
  "👍",
  "{{page.room}}",
  "${7*7}",
  "%00%ff",
  "\r\nSet-Cookie: session=x",
  "01ARZ3NDEKTSV4RRFFQ69G5FAV",
];
const KEYS = [
  "type",
  "message",
  "username",
  "client_id",
  "before",
  "limit",
  "after",
  "id",
  "emoji",
  "on",
  "reply_to",
  "files",
  "account",
  "__proto__",
  "toString",
];
const TYPES = [
  "chat_message",
  "typing",
  "history",
  "edit_message",
  "delete_message",
  "react",
  "pin_message",
  "read",
  "error",
  "message_deleted",
  "room",
  "toString",
  "__proto__",
  "ack",
];

export class Nonsense {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  one<T>(of: readonly T[]): T {
    return of[Math.floor(this.#random() * of.length)];
  }

  text(): string {
    return this.one(TEXTS);
  }

  /** Any JSON value, nested a little. */
  value(depth = 0): unknown {
    const kind = this.#random();
    if (kind < 0.5) return this.text();
    if (kind < 0.6) return this.one([0, -1, 1e308, 0.5, 2 ** 53, 50]);
    if (kind < 0.7) return this.one([true, false, null]);
    if (depth > 3) return [];
    if (kind < 0.85) return Array.from({ length: 3 }, () => this.value(depth + 1));
    return Object.fromEntries([[this.one(KEYS), this.value(depth + 1)]]);
  }

  /** A frame's text or bytes: mostly JSON that is nearly right, some of it cut or flipped. */
  frame(): string | Uint8Array<ArrayBuffer> {
    const kind = this.#random();
    if (kind < 0.05) return new Uint8Array(Array.from({ length: 20 }, () => this.#random() * 256));
    if (kind < 0.1) return this.text();
    if (kind < 0.15) return "[".repeat(1 + Math.floor(this.#random() * 2_000));
    const fields: [string, unknown][] = [["type", this.one(TYPES)]];
    for (let i = 0; i < 3; i++) fields.push([this.one(KEYS), this.value()]);
    const text = JSON.stringify(Object.fromEntries(fields));
    return kind < 0.3 ? text.slice(0, Math.floor(this.#random() * text.length)) : text;
  }
}
