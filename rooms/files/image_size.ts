/** The size of pictures in pixels, read from the first bytes of the file, so that pages can reserve the space. */

/** In pixels, as the picture is shown. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

type Reader = (bytes: DataView) => ImageSize | undefined;

/** The size of a picture that begins with `head`; `undefined` when the head doesn't have it, and for other files. */
export function imageSize(head: Uint8Array, mime: string): ImageSize | undefined {
  const read = READERS.get(mime);
  try {
    const size = read?.(new DataView(head.buffer, head.byteOffset, head.byteLength));
    return size && size.width > 0 && size.height > 0 ? size : undefined;
  } catch (error) {
    // The header ends too early.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Frames of a JPEG that tell its size: all but DHT, JPG and DAC (ITU-T T.81, table B.1). */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

const EXIF = 0x45786966;
const ORIENTATION = 0x0112;

function jpeg(bytes: DataView): ImageSize | undefined {
  let isTurned = false;
  for (let at = 2; at < bytes.byteLength;) {
    if (bytes.getUint8(at) !== 0xff) return undefined;
    const marker = bytes.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (isFrame(marker)) {
      const [height, width] = [bytes.getUint16(at + 5), bytes.getUint16(at + 7)];
      return isTurned ? { width: height, height: width } : { width, height };
    }
    const length = bytes.getUint16(at + 2);
    if (length < 2) return undefined;
    if (marker === 0xe1 && bytes.getUint32(at + 4) === EXIF) isTurned = orientation(bytes, at + 10) >= 5;
    at += 2 + length;
  }
}

/** The orientation in a TIFF header; from 5 on width and height change places. */
function orientation(bytes: DataView, tiff: number): number {
  const isLittle = bytes.getUint16(tiff) === 0x4949;
  const directory = tiff + bytes.getUint32(tiff + 4, isLittle);
  const entries = bytes.getUint16(directory, isLittle);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (bytes.getUint16(entry, isLittle) === ORIENTATION) return bytes.getUint16(entry + 8, isLittle);
  }
  return 1;
}

function png(bytes: DataView): ImageSize {
  return { width: bytes.getUint32(16), height: bytes.getUint32(20) };
}

function gif(bytes: DataView): ImageSize {
  return { width: bytes.getUint16(6, true), height: bytes.getUint16(8, true) };
}

/** https://developers.google.com/speed/webp/docs/riff_container */
function webp(bytes: DataView): ImageSize | undefined {
  const uint24 = (at: number): number => bytes.getUint16(at, true) + (bytes.getUint8(at + 2) << 16);
  switch (String.fromCharCode(...[12, 13, 14, 15].map((at) => bytes.getUint8(at)))) {
    case "VP8X":
      return { width: uint24(24) + 1, height: uint24(27) + 1 };
    case "VP8L": {
      const bits = bytes.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case "VP8 ":
      return { width: bytes.getUint16(26, true) & 0x3fff, height: bytes.getUint16(28, true) & 0x3fff };
  }
}

const ISPE = 0x69737065;

/** The largest of the `ispe` boxes: the others are those of thumbnails and tiles (ISO/IEC 23008-12, 6.5.3). */
function heif(bytes: DataView): ImageSize | undefined {
  let largest: ImageSize | undefined;
  const end = Math.min(bytes.byteLength - 16, 16_384);
  for (let at = 0; at < end; at++) {
    if (bytes.getUint32(at) !== ISPE) continue;
    const size = { width: bytes.getUint32(at + 8), height: bytes.getUint32(at + 12) };
    if (!largest || size.width * size.height > largest.width * largest.height) largest = size;
  }
  return largest;
}

const READERS = new Map<string, Reader>([
  ["image/jpeg", jpeg],
  ["image/png", png],
  ["image/gif", gif],
  ["image/webp", webp],
  ["image/avif", heif],
  ["image/heic", heif],
]);
