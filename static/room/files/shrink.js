/** The longest side of a picture that is sent, in pixels. */
export const MAX_SIDE = 2_048;
/** Pictures that are drawn anew; an animation would lose its frames. */
const DRAWN = /^image\/(jpeg|png|webp|heic|heif|avif)$/;
const QUALITY = 0.85;

/**
 * A picture without what cameras write into it (where and when it was taken), and no larger than needed. Other files, and
 * pictures that this browser can't draw, stay as they are.
 * @param {File} file
 * @returns {Promise<File>}
 */
export async function shrink(file) {
  if (!DRAWN.test(file.type)) return file;
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const type = file.type === "image/png" ? "image/png" : "image/jpeg";
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, QUALITY));
    if (!blob) return file;
    return new File([blob], named(file.name, type), { type });
  } catch {
    return file;
  }
}

/** @param {string} name @param {string} type */
function named(name, type) {
  if (type === "image/png") return name;
  return /\.jpe?g$/i.test(name) ? name : `${name.replace(/\.\w{1,5}$/, "")}.jpg`;
}
