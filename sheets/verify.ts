/**
 * `deno run --allow-read sheets/verify.ts FILE.csv [KEY]`: whether the rows of a CSV file are those that were written, by their
 * column `proof`. Works on the service's own file, and on one that was exported from a Google Sheet; needs no service.
 *
 * Exit status 0: all are. 1: the first lines say which aren't. 2: it can't be told.
 */
import { dirname, join } from "node:path";
import { ROW_COLUMNS } from "../rooms/protocol.ts";
import { isMessage, Layout } from "./column_layout.ts";
import { readPages } from "./csv_rows.ts";
import { PROOF } from "./proofs/proof.ts";
import { CHANGES_HEADER } from "./sheet.ts";
import { ProofCheck, type ProofFinding } from "./proofs/proof_check.ts";

const USAGE = `Usage: deno run --allow-read sheets/verify.ts FILE.csv [KEY] [--columns time,room,…]

FILE.csv   the CSV file, or a tab of the Google Sheet (File → Download → Comma-separated values)
KEY        the file with what deno task sheet key prints; proof.key beside FILE.csv unless told otherwise
--columns  what the columns of the file are, where its header is translated`;
/** The most findings that are listed. */
const MOST = 20;
const WORDS: Readonly<Record<ProofFinding["kind"], string>> = {
  "altered": "was altered",
  "put in": "was put in",
  "removed": "follows one or more rows that were removed",
};

/** Runs the command; resolves to the exit status. */
export async function verify(args: readonly string[], print: (line: string) => void): Promise<number> {
  const names = args.filter((arg) => !arg.startsWith("--columns"));
  const [path, keyPath = join(dirname(path ?? ""), "proof.key"), ...others] = names;
  if (!path || others.length || path.startsWith("-")) {
    print(USAGE);
    return 2;
  }
  try {
    const columns = args.find((arg) => arg.startsWith("--columns="))?.slice("--columns=".length).split(",");
    return tell(await check(path, await readKey(keyPath), columns), print);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    print(error.message);
    return 2;
  }
}

const OURS: ReadonlySet<string> = new Set([...ROW_COLUMNS, ...CHANGES_HEADER]);
const NAMES = "Say with --columns what the columns are.";

async function readKey(path: string): Promise<Uint8Array> {
  const text = await Deno.readTextFile(path).catch((cause) => {
    throw new Error(`The key in ${path} can't be read: deno task sheet key prints it.`, { cause });
  });
  if (!/^\s*[0-9a-f]{64}\s*$/.test(text)) {
    throw new Error(`What stands in ${path} isn't the 64 digits that deno task sheet key prints.`);
  }
  return Uint8Array.fromHex(text.trim());
}

/** Takes all rows of a file; `given` are its columns where the header doesn't tell. */
async function check(path: string, key: Uint8Array, given: string[] | undefined): Promise<ProofCheck> {
  using file = await Deno.open(path).catch((cause) => {
    throw new Error(`${path} can't be read.`, { cause });
  });
  let layout: Layout | undefined;
  let proofs: ProofCheck | undefined;
  for await (const [...rows] of readPages(file, new AbortController().signal)) {
    if (!layout) {
      const header = given ?? rows[0].map((title) => title.replace("\ufeff", "").trim().toLowerCase());
      for (const column of ["id", PROOF]) {
        if (!header.includes(column)) throw new Error(`${path} has no column "${column}". ${NAMES}`);
      }
      const columns = header.filter((column) => OURS.has(column));
      layout = Layout.of(header, columns, path);
      proofs = new ProofCheck(key, columns);
      if (!isMessage(rows[0])) rows.shift();
    }
    for (const cells of rows) proofs?.take(layout.collect(cells));
  }
  if (!proofs) throw new Error(`${path} is empty.`);
  return proofs;
}

function tell(proofs: ProofCheck, print: (line: string) => void): number {
  const { findings, older, proven } = proofs;
  for (const { kind, row, id } of findings.slice(0, MOST)) {
    // The header is the first row.
    print(`Row ${row + 1} ${WORDS[kind]}${id ? `: ${id}` : ""}`);
  }
  if (findings.length > MOST) print(`and ${findings.length - MOST} more`);
  print(`${proven} rows are as they were written${findings.length ? `, ${findings.length} aren't` : ""}`);
  if (older) print(`${older} are older than the first proof: nothing is known of them`);
  return findings.length ? 1 : 0;
}

// deno-lint-ignore no-console -- a command speaks on stdout
if (import.meta.main) Deno.exit(await verify(Deno.args, (line) => console.log(line)));
