/**
 * What kind of file some bytes are, by their content and never by their name.
 *
 * A table of our own instead of a library: `file-type` opens archives to look into them, and unpacks what strangers
 * packed; here nothing is unpacked, and a type that isn't in the table can't be sent.
 */
import { fileExtension } from "./file_name.ts";

/** Groups of types that `FILE_TYPES` may name. */
export const FILE_GROUPS = ["image", "pdf", "text", "office", "audio", "video", "archive"] as const;

/** A group of types. */
export type FileGroup = typeof FILE_GROUPS[number];

/** A type of files. */
export interface FileType {
  /** As in `content-type`. */
  readonly mime: string;
  readonly group: FileGroup;
  /** Endings that names of such files may have; the first one is added to names without any of them. */
  readonly extensions: readonly string[];
}

function type(group: FileGroup, mime: string, ...extensions: string[]): FileType {
  return { mime, group, extensions };
}

const OPEN_XML = "application/vnd.openxmlformats-officedocument";
const OPEN_DOCUMENT = "application/vnd.oasis.opendocument";

const PNG = type("image", "image/png", "png");
const JPEG = type("image", "image/jpeg", "jpg", "jpeg");
const GIF = type("image", "image/gif", "gif");
const WEBP = type("image", "image/webp", "webp");
const AVIF = type("image", "image/avif", "avif");
const HEIC = type("image", "image/heic", "heic", "heif");
const PDF = type("pdf", "application/pdf", "pdf");
const TEXT = type(
  "text",
  "text/plain",
  "txt",
  "md",
  "csv",
  "tsv",
  "log",
  "json",
  "yaml",
  "yml",
  "srt",
  "vtt",
);
const MP3 = type("audio", "audio/mpeg", "mp3");
const OGG = type("audio", "audio/ogg", "ogg", "oga", "opus");
const FLAC = type("audio", "audio/flac", "flac");
const WAV = type("audio", "audio/wav", "wav");
const M4A = type("audio", "audio/mp4", "m4a");
const AAC = type("audio", "audio/aac", "aac");
const MP4 = type("video", "video/mp4", "mp4", "m4v");
const QUICKTIME = type("video", "video/quicktime", "mov");
const WEBM = type("video", "video/webm", "webm", "mkv");
const ZIP = type("archive", "application/zip", "zip");
const GZIP = type("archive", "application/gzip", "gz", "tgz");
const SEVEN_ZIP = type("archive", "application/x-7z-compressed", "7z");

/** Packed formats of office programs by the name of an entry that only they have. */
const PACKED: readonly (readonly [prefix: string, type: FileType])[] = [
  ["word/", type("office", `${OPEN_XML}.wordprocessingml.document`, "docx")],
  ["xl/", type("office", `${OPEN_XML}.spreadsheetml.sheet`, "xlsx")],
  ["ppt/", type("office", `${OPEN_XML}.presentationml.presentation`, "pptx")],
];
/** The first entry of these is called `mimetype`, isn't compressed, and has the type as its content. */
const OPEN_DOCUMENTS = [
  type("office", `${OPEN_DOCUMENT}.text`, "odt"),
  type("office", `${OPEN_DOCUMENT}.spreadsheet`, "ods"),
  type("office", `${OPEN_DOCUMENT}.presentation`, "odp"),
];
/** The old formats share one container, which installers have, too: only the name tells them apart. */
const OLD_OFFICE = [
  type("office", "application/msword", "doc"),
  type("office", "application/vnd.ms-excel", "xls"),
  type("office", "application/vnd.ms-powerpoint", "ppt"),
];

/** How files of a type begin; a space in `magic` stands for any byte. */
const BEGINNINGS: readonly (readonly [at: number, magic: string, type: FileType])[] = [
  [0, "\x89PNG\r\n\x1a\n", PNG],
  [0, "\xff\xd8\xff", JPEG],
  [0, "GIF87a", GIF],
  [0, "GIF89a", GIF],
  [0, "RIFF    WEBP", WEBP],
  [0, "RIFF    WAVE", WAV],
  [0, "%PDF-", PDF],
  [0, "OggS", OGG],
  [0, "fLaC", FLAC],
  [0, "ID3", MP3],
  [0, "\xff\xfb", MP3],
  [0, "\xff\xf3", MP3],
  [0, "\xff\xf2", MP3],
  [0, "\xff\xf1", AAC],
  [0, "\xff\xf9", AAC],
  [0, "\x1aE\xdf\xa3", WEBM],
  [0, "\x1f\x8b", GZIP],
  [0, "7z\xbc\xaf\x27\x1c", SEVEN_ZIP],
  [4, "ftypavif", AVIF],
  [4, "ftypavis", AVIF],
  [4, "ftypheic", HEIC],
  [4, "ftypheix", HEIC],
  [4, "ftypmif1", HEIC],
  [4, "ftypM4A ", M4A],
  [4, "ftypqt  ", QUICKTIME],
  [4, "ftyp", MP4],
];
/** Bytes that all of {@link BEGINNINGS} lie in. */
const LONGEST_BEGINNING = 16;
const LOCAL_ENTRY = "PK\x03\x04";
const OLD_CONTAINER = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
/** What runs as a page, or is one in another form, whatever its name says. */
const MARKUP = /^\s*(<!doctype|<html|<head|<body|<svg|<script|<iframe|<\?xml|<!--)/i;
// deno-lint-ignore no-control-regex -- they tell that something isn't text
const CONTROLS = /[\u0000-\u0008\u000e-\u001a\u001c-\u001f\ufffd]/;

/** The type of a file that begins with `head`; `undefined` when such files can't be sent. `name` is as it was given. */
export function fileTypeOf(head: Uint8Array, name: string): FileType | undefined {
  const beginning = latin1(head.subarray(0, LONGEST_BEGINNING));
  const found = BEGINNINGS.find(([at, magic]) => beginsWith(beginning.slice(at, at + magic.length), magic));
  if (found) return found[2];
  if (beginning.startsWith(LOCAL_ENTRY)) return packedType(latin1(head));
  if (beginning.startsWith(OLD_CONTAINER)) {
    return OLD_OFFICE.find(({ extensions }) => extensions.includes(fileExtension(name)));
  }
  return isPlainText(head) ? TEXT : undefined;
}

/** Whether browsers may show files of this type by themselves. */
export function isShown(mime: string): boolean {
  return /^(image|audio|video)\/|^application\/pdf$|^text\/plain$/.test(mime);
}

function beginsWith(text: string, magic: string): boolean {
  return text.length === magic.length && [...magic].every((char, i) => char === " " || char === text[i]);
}

/** By the names of the entries as far as they are in the head. */
function packedType(text: string): FileType {
  for (let at = 0; at >= 0 && at + 30 < text.length; at = text.indexOf(LOCAL_ENTRY, at + 4)) {
    const nameLength = text.charCodeAt(at + 26) + 256 * text.charCodeAt(at + 27);
    const name = text.slice(at + 30, at + 30 + nameLength);
    if (at === 0 && name === "mimetype") {
      const content = text.slice(at + 30 + nameLength, at + 30 + nameLength + 100);
      const found = OPEN_DOCUMENTS.find(({ mime }) => content.startsWith(mime));
      if (found) return found;
    }
    const found = PACKED.find(([prefix]) => name.startsWith(prefix));
    if (found) return found[1];
  }
  return ZIP;
}

function isPlainText(head: Uint8Array): boolean {
  if (!head.length) return false;
  const encoding = head[0] === 0xff && head[1] === 0xfe
    ? "utf-16le"
    : head[0] === 0xfe && head[1] === 0xff
    ? "utf-16be"
    : "utf-8";
  // As a stream: the last character may go on behind the head.
  const text = new TextDecoder(encoding).decode(head, { stream: true });
  return !CONTROLS.test(text) && !MARKUP.test(text.replace("\ufeff", ""));
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}
