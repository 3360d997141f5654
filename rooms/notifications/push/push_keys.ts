/**
 * Whether the key that a browser states is a public key of the curve P-256 (RFC 8291, 3.1; FIPS 186-4, D.1.2.3).
 *
 * Checked here, and not by trying to encrypt: Deno 2.5 ends the whole process at a point that isn't on the curve.
 */
import { Buffer } from "node:buffer";

const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8_aa3a93e7_b3ebbd55_769886bc_651d06b0_cc53b0f6_3bce3c3e_27d2604bn;
/** An uncompressed point: this byte, and two coordinates of 32 bytes. */
const UNCOMPRESSED = 4;
const COORDINATE_BYTES = 32;

/** Whether a base64url text is an uncompressed point of the curve. */
export function isPublicKey(text: string): boolean {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length !== 1 + 2 * COORDINATE_BYTES || bytes[0] !== UNCOMPRESSED) return false;
  const [x, y] = [1, 1 + COORDINATE_BYTES].map((at) =>
    BigInt(`0x${bytes.subarray(at, at + COORDINATE_BYTES).toString("hex")}`)
  );
  return x < P && y < P && (y * y - (x * x * x - 3n * x + B)) % P === 0n;
}
