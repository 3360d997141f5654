/** A list of people in a CSV file: `username,display_name,role,rooms`, the first line with these names in any order. */

/** Somebody in the list. */
export interface ListedPerson {
  /** The line in the file, from 1. */
  readonly line: number;
  readonly username: string;
  readonly displayName: string;
  readonly role: "user" | "admin";
  /** Rooms of which they become members. */
  readonly rooms: readonly string[];
}

const COLUMNS = ["username", "display_name", "role", "rooms"];

/** Reads the list; `errors` has a sentence for each line that can't be meant. */
export function readPeople(text: string): { people: ListedPerson[]; errors: string[] } {
  const [header = [], ...rows] = rowsOf(text);
  const names = header.map((name) => name.trim().toLowerCase());
  const unknown = names.filter((name) => name && !COLUMNS.includes(name));
  const errors = unknown.map((name) =>
    `line 1: there is no column "${name}"; columns are ${COLUMNS.join(", ")}`
  );
  if (!names.includes("username")) errors.push(`line 1: the column "username" is missing`);
  if (errors.length) return { people: [], errors };
  const people: ListedPerson[] = [];
  const lines = new Map<string, number>();
  for (const [index, row] of rows.entries()) {
    const line = index + 2;
    if (row.every((cell) => !cell.trim())) continue;
    const cell = (name: string): string => row[names.indexOf(name)]?.trim() ?? "";
    const [username, role] = [cell("username"), cell("role").toLowerCase() || "user"];
    const folded = username.normalize("NFKC").toLowerCase();
    const first = lines.get(folded);
    if (!username) errors.push(`line ${line}: "username" is empty`);
    else if (first) errors.push(`line ${line}: ${username} stands in line ${first} already`);
    else if (role !== "user" && role !== "admin") {
      errors.push(`line ${line}: "role" is "${role}", must be user or admin`);
    } else {
      const rooms = cell("rooms").split(/[;；、\s]+/u).filter(Boolean);
      people.push({ line, username, displayName: cell("display_name"), role, rooms });
    }
    lines.set(folded, line);
  }
  return { people, errors };
}

/** The rows of an RFC 4180 text; with semicolons where spreadsheet programs of some languages write these. */
function rowsOf(whole: string): string[][] {
  const text = whole.replace(/^\ufeff/, "");
  const [first = ""] = text.split(/\r?\n/, 1);
  const separator = !first.includes(",") && first.includes(";") ? ";" : ",";
  const rows: string[][] = [[]];
  let cell = "";
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const sign = text[i];
    if (isQuoted) {
      if (sign !== '"') cell += sign;
      else if (text[i + 1] === '"') cell += text[++i];
      else isQuoted = false;
    } else if (sign === '"' && !cell) isQuoted = true;
    else if (sign === separator || sign === "\n") {
      rows[rows.length - 1].push(cell.replace(/\r$/, ""));
      cell = "";
      if (sign === "\n") rows.push([]);
    } else cell += sign;
  }
  rows[rows.length - 1].push(cell);
  return rows;
}
