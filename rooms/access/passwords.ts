/**
 * Passwords are kept as scrypt hashes, `scrypt:<log2 N>:<r>:<p>:<salt>:<hash>`, so that the parameters can be raised
 * later and old hashes still be read.
 *
 * N = 2^14, r = 8, p = 5 is one of the settings that the OWASP Password Storage Cheat Sheet gives as equally strong
 * (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt); it takes 16 MiB and
 * about 0.2 s, outside of the thread that serves the chat.
 */
import { Buffer } from "node:buffer";
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

interface Cost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

const COST: Cost = { logN: 14, r: 8, p: 5 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const MAX_MEMORY_BYTES = 64 * 1024 * 1024;
/** Hashes that are made at a time, so that sign-ins leave the processor to the chat. */
const AT_ONCE = 2;
/** Hashes that may wait; more would be answered too late to be of use. */
const MAX_WAITING = 50;

/** So many passwords are being checked that this one can't be, for now. */
export class BusyError extends Error {
  override readonly name = "BusyError";
}

export class Passwords {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** What an account that doesn't exist is compared with, so that this takes as long as with one that does. */
  readonly #decoy = `scrypt:${COST.logN}:${COST.r}:${COST.p}:${"A".repeat(22)}:${"A".repeat(43)}`;

  /** The hash to keep of a password. Throws {@link BusyError}. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const hash = await this.#derive(password, salt, COST);
    return `scrypt:${COST.logN}:${COST.r}:${COST.p}:${salt.toString("base64url")}:${
      hash.toString("base64url")
    }`;
  }

  /** Whether the hash is this password's; of `undefined` none is. Throws {@link BusyError}. */
  async matches(password: string, kept: string | undefined): Promise<boolean> {
    const [, logN, r, p, salt, hash] = (kept ?? this.#decoy).split(":");
    const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
    const derived = await this.#derive(password, Buffer.from(salt, "base64url"), cost);
    return timingSafeEqual(derived, Buffer.from(hash, "base64url")) && kept !== undefined;
  }

  async #derive(password: string, salt: Uint8Array, { logN, r, p }: Cost): Promise<Buffer> {
    await this.#turn();
    try {
      // The same characters typed on two systems are the same password.
      const text = password.normalize("NFKC");
      const options = { N: 2 ** logN, r, p, maxmem: MAX_MEMORY_BYTES };
      return await new Promise((resolve, reject) =>
        scrypt(
          text,
          salt,
          HASH_BYTES,
          options,
          (error, hash) => error ? reject(error) : resolve(hash as Buffer),
        )
      );
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= MAX_WAITING) {
        throw new BusyError("Too many people are signing in at once; try again in a moment");
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
  }
}
