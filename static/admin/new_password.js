/** 32 characters, without those that look alike: 5 bits each. */
const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";
const LENGTH = 20;

/** A random password of 100 bits, for its new owner to change. @returns {string} */
export function newPassword() {
  const bytes = crypto.getRandomValues(new Uint8Array(LENGTH));
  return Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
}
