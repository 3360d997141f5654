/**
 * The XML of a workbook with one sheet of text (ECMA-376 part 1, 18.3). No library on npm can continue a sheet that
 * another process began, and this small part of the format needs none.
 */

/** The workbook's files besides its sheet, by their names in the ZIP archive. */
export const WORKBOOK_PARTS: Readonly<Record<string, string>> = {
  "[Content_Types].xml": xml(
    `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
      `<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
      `<Default Extension="xml" ContentType="application/xml"/>` +
      contentType("/xl/workbook.xml", "sheet.main") +
      contentType("/xl/worksheets/sheet1.xml", "worksheet") +
      contentType("/xl/styles.xml", "styles") +
      `</Types>`,
  ),
  "_rels/.rels": relationships({ rId1: ["officeDocument", "xl/workbook.xml"] }),
  "xl/workbook.xml": xml(
    `<workbook xmlns="${main()}" xmlns:r="${office()}">` +
      `<sheets><sheet name="Messages" sheetId="1" r:id="rId1"/></sheets>` +
      // Repeats the header on every printed page.
      `<definedNames><definedName name="_xlnm.Print_Titles" localSheetId="0">Messages!$1:$1</definedName>` +
      `</definedNames></workbook>`,
  ),
  "xl/_rels/workbook.xml.rels": relationships({
    rId1: ["worksheet", "worksheets/sheet1.xml"],
    rId2: ["styles", "styles.xml"],
  }),
  // Style 0: plain, 1: the header, 2: text that wraps, 3: a time.
  "xl/styles.xml": xml(
    `<styleSheet xmlns="${main()}">` +
      `<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm:ss"/></numFmts>` +
      `<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>` +
      `<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
      `<fills count="2"><fill><patternFill patternType="none"/></fill>` +
      `<fill><patternFill patternType="gray125"/></fill></fills>` +
      `<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
      `<cellStyleXfs count="1"><xf numFmtId="49" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
      `<cellXfs count="4"><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
      `<xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/>` +
      `<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1">` +
      `<alignment vertical="top" wrapText="1"/></xf>` +
      `<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyAlignment="1">` +
      `<alignment horizontal="left" vertical="top"/></xf></cellXfs>` +
      `<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`,
  ),
};
/** The sheet's name in the ZIP archive. */
export const SHEET_PART = "xl/worksheets/sheet1.xml";
/** Excel's limit of rows, the header included (https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3). */
export const MAX_SHEET_ROWS = 1_048_576;
/** Excel's limit for the text of a cell, in UTF-16 code units (same source). */
const MAX_CELL_LENGTH = 32_767;
/** Column widths, in characters. */
const WIDTHS = [20, 18, 18, 80, 30];

/** The sheet's XML before its first row, which stays in view; printed, the sheet is one page wide. */
export const SHEET_HEAD = xml(
  `<worksheet xmlns="${main()}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView workbookViewId="0">` +
    `<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>` +
    `<cols>${
      WIDTHS.map((width, i) => `<col min="${i + 1}" max="${i + 1}" width="${width}" customWidth="1"/>`).join(
        "",
      )
    }</cols><sheetData>`,
);

/** The sheet's XML after its last row; `rows` counts the header. */
export function sheetTail(rows: number): string {
  return `</sheetData><autoFilter ref="A1:E${rows}"/>` +
    `<pageMargins left="0.4" right="0.4" top="0.5" bottom="0.5" header="0.3" footer="0.3"/>` +
    // Paper size 9 is A4 (ECMA-376 part 1, 18.3.1.63); height 0 means any number of pages.
    `<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/></worksheet>`;
}

/** The XML of the header row. */
export function headerXml(cells: readonly string[]): string {
  return rowXml(cells, 1);
}

/** The XML of a row whose first cell is a time, as a number with the style for times; as text if it isn't a valid time. */
export function timedRowXml([time, ...cells]: readonly string[], number: number): string {
  const serial = serialOf(time);
  if (serial === undefined) return rowXml([time, ...cells], number);
  return rowXml(["", ...cells], number).replace(
    `<row r="${number}">`,
    `$&<c r="A${number}" s="3"><v>${serial}</v></c>`,
  );
}

/** The serial date of `YYYY-MM-DD HH:MM:SS`: days since 1899-12-30 (ECMA-376 part 1, 18.17.4.1). */
function serialOf(time: string): number | undefined {
  const at = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(time) ? Date.parse(`${time.replace(" ", "T")}Z`) : NaN;
  return Number.isNaN(at) ? undefined : at / 86_400_000 + 25_569;
}

/** The XML of a row of text; `number` counts from 1. The rest of a text that is too long for a cell follows in extra columns. */
export function rowXml(cells: readonly string[], number: number): string {
  const style = number === 1 ? 1 : 2;
  const texts = cells.map((cell) => cell.slice(0, headLength(cell)));
  const rests = cells.map((cell) => cell.slice(headLength(cell))).filter(Boolean);
  const written = [...texts, ...rests].map((text, i) =>
    text === ""
      ? ""
      : `<c r="${COLUMNS[i]}${number}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${
        escaped(text)
      }</t></is></c>`
  );
  return `<row r="${number}">${written.join("")}</row>`;
}

const COLUMNS = "ABCDEFGHIJ";

/** How many UTF-16 code units fit into one cell, without splitting a surrogate pair. */
function headLength(text: string): number {
  if (text.length <= MAX_CELL_LENGTH) return text.length;
  return /[\ud800-\udbff]/.test(text[MAX_CELL_LENGTH - 1]) ? MAX_CELL_LENGTH - 1 : MAX_CELL_LENGTH;
}

/**
 * Escapes a text for XML. Control characters, which XML can't contain, and carriage returns, which it reads as line feeds,
 * are written as `_x000D_`; so is an underscore that would begin such an escape (ECMA-376 part 1, 22.9.2.19).
 */
function escaped(text: string): string {
  return text.toWellFormed()
    .replace(SPECIAL, (character) => ENTITIES.get(character) ?? `_x${hex(character)}_`);
}

// deno-lint-ignore no-control-regex -- these are meant
const SPECIAL = /[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[\dA-Fa-f]{4}_)/g;
const ENTITIES = new Map([["&", "&amp;"], ["<", "&lt;"], [">", "&gt;"]]);

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
}

function xml(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${content}`;
}

function main(): string {
  return "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
}

function office(): string {
  return "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
}

function contentType(part: string, type: string): string {
  return `<Override PartName="${part}" ` +
    `ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.${type}+xml"/>`;
}

function relationships(all: Readonly<Record<string, readonly [type: string, target: string]>>): string {
  const each = Object.entries(all).map(([id, [type, target]]) =>
    `<Relationship Id="${id}" Type="${office()}/${type}" Target="${target}"/>`
  );
  return xml(
    `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${
      each.join("")
    }</Relationships>`,
  );
}
