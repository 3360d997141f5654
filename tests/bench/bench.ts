/**
 * `deno task bench [--runs N] [--json FILE]`: measures this service on this machine. Service and clients share its
 * cores, so these are figures to compare with each other, from one run.
 */
import { parseArgs } from "node:util";
import { files } from "./files.ts";
import { drain, memoryWhileWaiting } from "./drain.ts";
import { type Figure, machine, table } from "./figures.ts";
import { floor } from "./floor.ts";
import { reports } from "./reports.ts";
import { scale } from "./scale.ts";
import { search } from "./search.ts";
import { coldStart, diskSync, fanOut, roundTrip, storm } from "./talk.ts";
import { texts } from "./texts.ts";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "3" }, json: { type: "string" } },
});
const runs = Number(values.runs);
const figures: Figure[] = [];
const MEASURES = [
  coldStart,
  fanOut,
  floor,
  texts,
  roundTrip,
  diskSync,
  storm,
  drain,
  memoryWhileWaiting,
  reports,
  search,
  files,
  scale,
];
for (const measure of MEASURES) {
  figures.push(...await measure(runs));
}
// deno-lint-ignore no-console -- a command speaks on stdout
console.log(`${machine()}\n\n${table(figures)}`);
if (values.json) {
  await Deno.writeTextFile(values.json, JSON.stringify({ machine: machine(), figures }, null, 2) + "\n");
}
