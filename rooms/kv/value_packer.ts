/**
 * The most bytes of a packed value: KV's limit of 65,536 bytes, less what serialization adds
 * (https://docs.deno.com/api/deno/~/Deno.Kv.prototype.set).
 */
export const MAX_VALUE_BYTES = 65_000;

/** Packs texts without line breaks into one stored value: UTF-8, one a line, at most {@link MAX_VALUE_BYTES}. */
export class Packer {
  readonly #buffer = new Uint8Array(MAX_VALUE_BYTES);
  #size = 0;

  /** Bytes packed so far. */
  get size(): number {
    return this.#size;
  }

  /** Adds a text; false, and nothing changes, when it doesn't fit any more. */
  add(text: string): boolean {
    let size = this.#size;
    // A character takes at least one byte: a text this long needs no attempt.
    if (size + text.length >= MAX_VALUE_BYTES) return false;
    if (size) this.#buffer[size++] = 10;
    const { read, written } = encoder.encodeInto(text, this.#buffer.subarray(size));
    if (read < text.length) return false;
    this.#size = size + written;
    return true;
  }

  /** Starts with a value that was packed before (`null`: with an empty one), and returns its texts. */
  load(value: Uint8Array | null): string[] {
    this.#size = value?.length ?? 0;
    if (!value) return [];
    this.#buffer.set(value);
    return unpack(value);
  }

  /** Returns the value, and starts with an empty one. */
  take(): Uint8Array<ArrayBuffer> {
    const value = this.#buffer.slice(0, this.#size);
    this.#size = 0;
    return value;
  }
}

/** The texts of a packed value. */
export function unpack(value: Uint8Array): string[] {
  return decoder.decode(value).split("\n");
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
