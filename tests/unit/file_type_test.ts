import { assertEquals } from "@std/assert";
import { cleanFileName, MAX_FILE_NAME } from "../../rooms/files/file_name.ts";
import { fileTypeOf } from "../../rooms/files/file_type.ts";
import { imageSize } from "../../rooms/files/image_size.ts";
import { bytes, png, zip } from "../support/files.ts";

const encoder = new TextEncoder();

Deno.test("fileTypeOf() goes by the content, whatever the name says", () => {
  const office = "application/vnd.openxmlformats-officedocument";
  const cases: [content: Uint8Array, name: string, mime: string | undefined][] = [
    [png(), "setup.exe", "image/png"],
    [bytes("\xff\xd8\xff\xe0"), "a", "image/jpeg"],
    [bytes("RIFF\x10\0\0\0WEBPVP8 "), "a", "image/webp"],
    [bytes("RIFF\x10\0\0\0AVI LIST"), "a.webp", undefined],
    [bytes("\0\0\0\x1cftypheic"), "a.jpg", "image/heic"],
    [bytes("\0\0\0\x1cftypisom"), "a.jpg", "video/mp4"],
    [bytes("%PDF-1.7"), "a.png", "application/pdf"],
    [
      zip({ "[Content_Types].xml": "<x/>", "word/document.xml": "<x/>" }),
      "a",
      `${office}.wordprocessingml.document`,
    ],
    [zip({ "_rels/.rels": "x", "xl/workbook.xml": "x" }), "a.docx", `${office}.spreadsheetml.sheet`],
    [
      zip({ mimetype: "application/vnd.oasis.opendocument.text", "content.xml": "x" }),
      "a",
      "application/vnd.oasis.opendocument.text",
    ],
    [zip({ "setup.exe": "MZ" }), "report.docx", "application/zip"],
    [bytes("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "old.XLS", "application/vnd.ms-excel"],
    [bytes("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "setup.msi", undefined],
    [encoder.encode("date,說\r\n1,二"), "a.csv", "text/plain"],
    [encoder.encode("說").subarray(0, 2), "a.txt", "text/plain"],
    [bytes("\xff\xfeh\0i\0"), "windows.txt", "text/plain"],
    [bytes("MZ\x90\0\x03\0"), "photo.png", undefined],
    [bytes("\x7fELF\x02\x01\x01\0"), "a.txt", undefined],
    [encoder.encode('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), "a.png", undefined],
    [encoder.encode("\ufeff\n <!DOCTYPE html><script>"), "a.txt", undefined],
    [encoder.encode('<?xml version="1.0"?><svg/>'), "a.jpg", undefined],
    [bytes("a\0b"), "a.txt", undefined],
    [new Uint8Array(), "a.txt", undefined],
  ];
  for (const [content, name, mime] of cases) {
    assertEquals(
      fileTypeOf(content, name)?.mime,
      mime,
      name + JSON.stringify(String.fromCharCode(...content.slice(0, 30))),
    );
  }
});

Deno.test("cleanFileName() leaves a name on one line, without a path, and with an ending that fits the content", () => {
  const text = ["txt", "csv"];
  const cases: [given: string, extensions: readonly string[], name: string][] = [
    ["會議照片.PNG", ["png"], "會議照片.PNG"],
    ["../../etc/passwd", text, "passwd.txt"],
    ["C:\\Users\\ada\\表.csv", text, "表.csv"],
    ["two\r\nlines.txt", text, "two lines.txt"],
    ["photo\u202egnp.exe", ["png"], "photognp.exe.png"],
    ["run.bat", text, "run.bat.txt"],
    ["  .htaccess", text, "htaccess.txt"],
    ["con.txt", text, "_con.txt"],
    ['a"b<c>|?*:d.txt', text, "a_b_c_____d.txt"],
    ["", ["png"], "file.png"],
    ["...", ["png"], "file.png"],
    ["\ud800.png", ["png"], "\ufffd.png"],
  ];
  for (const [given, extensions, name] of cases) assertEquals(cleanFileName(given, extensions), name, given);
  const long = cleanFileName(`${"😀".repeat(500)}.jpeg`, ["jpg", "jpeg"]);
  assertEquals([long.endsWith("😀.jpeg"), [...long].length <= MAX_FILE_NAME], [true, true]);
});

Deno.test("imageSize() reads the size as the picture is shown, and nothing of a header that is cut short", () => {
  const exif = "\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
  const frame = "\xff\xc2\0\x0b\x08\0\x1e\0\x28\x01\x01\x11\0";
  const cases: [mime: string, content: string][] = [
    ["image/png", String.fromCharCode(...png(40, 30))],
    ["image/gif", "GIF89a\x28\0\x1e\0"],
    ["image/jpeg", `\xff\xd8\xff\xfe\0\x04hi\xff${frame}`],
    ["image/jpeg", `\xff\xd8${exif}${frame.replace("\0\x1e\0\x28", "\0\x28\0\x1e")}`],
    ["image/webp", "RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x27\0\0\x1d\0\0"],
    ["image/webp", "RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x27\x40\x07\0"],
    ["image/avif", `\0\0\0\x1cftypavif${"\0".repeat(20)}\0\0\0\x14ispe\0\0\0\0\0\0\0\x28\0\0\0\x1e\0\0\0\0`],
  ];
  for (const [mime, content] of cases) {
    assertEquals(imageSize(bytes(content), mime), { width: 40, height: 30 }, mime + content);
    for (let length = 0; length < 10; length++) imageSize(bytes(content.slice(0, length)), mime);
  }
  assertEquals(imageSize(bytes("\xff\xd8\xff\xe0\0\0"), "image/jpeg"), undefined);
  assertEquals(imageSize(png(0, 30), "image/png"), undefined);
});
