/** The longest side of a picture that is sent, in pixels. */
export const MAX_SIDE = 2_048;
/** How pictures that are drawn anew begin, whatever they are called. Not GIF: an animation would lose its frames. */
const DRAWN = /^(\xff\xd8\xff|\x89PNG|RIFF....WEBP|....ftyp(he|mif1|msf1|avi[fs]))/s;
const PNG = /^\x89PNG/;
const BEGINNING_BYTES = 16;
const QUALITY = 0.85;

/**
 * A picture without what cameras write into it (where and when it was taken), and no larger than needed; `undefined` for
 * pictures that this browser can't draw. Other files stay as they are.
 * @param {File} file
 * @returns {Promise<File | undefined>}
 */
export async function shrink(file) {
  const beginning = await beginningOf(file);
  if (!DRAWN.test(beginning)) return file;
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const type = PNG.test(beginning) ? "image/png" : "image/jpeg";
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, QUALITY));
    return blob && new File([blob], named(file.name, type), { type });
  } catch {
    return undefined;
  }
}

/** The first bytes of a file, each a character; `""` for one that can't be read. @param {File} file */
async function beginningOf(file) {
  try {
    const bytes = new Uint8Array(await file.slice(0, BEGINNING_BYTES).arrayBuffer());
    return String.fromCharCode(...bytes);
  } catch {
    return "";
  }
}

/** @param {string} name @param {string} type */
function named(name, type) {
  if (type === "image/png") return name;
  return /\.jpe?g$/i.test(name) ? name : `${name.replace(/\.\w{1,5}$/, "")}.jpg`;
}
