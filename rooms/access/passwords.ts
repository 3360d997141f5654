/**
 * Passwords are stored as scrypt hashes, `scrypt:<log2 N>:<r>:<p>:<salt>:<hash>`: later versions can raise the
 * parameters and still read old hashes.
 *
 * N = 2^14, r = 8, p = 5 is one of the settings that the OWASP Password Storage Cheat Sheet gives as equally strong
 * (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt); it takes 16 MiB and
 * about 0.2 s, in another thread than the one that serves the chat.
 */
import { Buffer } from "node:buffer";
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

interface Cost {
  readonly logN: number;
  readonly r: number;
  readonly p: number;
}

/** log2 N of new hashes. */
export const PASSWORD_COST = 14;

/** Characters. */
const MIN_LENGTH = 10;
const MAX_LENGTH = 256;
const R = 8;
const P = 5;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const MAX_MEMORY_BYTES = 64 * 1024 * 1024;
/** Hashes that are computed at a time, so that sign-ins leave the processor to the chat. */
const AT_ONCE = 2;
/** Hashes that may wait; further ones would be too late to be of use. */
const MAX_WAITING = 50;

/** Too many passwords are being hashed or compared; the caller may try again in a moment. */
export class BusyError extends Error {
  override readonly name = "BusyError";
}

/** What is wrong with a new password, in a sentence for people; `undefined`: nothing. */
export function passwordFault(password: string): string | undefined {
  const { length } = [...password];
  if (length >= MIN_LENGTH && length <= MAX_LENGTH) return undefined;
  return `A password has ${MIN_LENGTH} to ${MAX_LENGTH} characters`;
}

/** Hashes and compares passwords, two at a time. */
export class Passwords {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #cost: Cost;
  /** Compared with where there is no account, so that this takes as long as with one. */
  readonly #decoy: string;

  /** `logN`: log2 N of new hashes; anything below {@link PASSWORD_COST} is for tests. */
  constructor(logN: number = PASSWORD_COST) {
    this.#cost = { logN, r: R, p: P };
    this.#decoy = stored(this.#cost, "A".repeat(22), "A".repeat(43));
  }

  /**
   * The hash to store of a password.
   *
   * @throws {BusyError} when too many others wait.
   */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const hash = await this.#derive(password, salt, this.#cost);
    return stored(this.#cost, salt.toString("base64url"), hash.toString("base64url"));
  }

  /**
   * Whether the hash is that of this password; `undefined` is that of none.
   *
   * @throws {BusyError} when too many others wait.
   */
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

function stored({ logN, r, p }: Cost, salt: string, hash: string): string {
  return `scrypt:${logN}:${r}:${p}:${salt}:${hash}`;
}
