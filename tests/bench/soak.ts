/** `deno task soak [kills]`: kills the service again and again under load, for minutes or hours. Exit status 1 on any loss. */
import { soak } from "../support/soak.ts";

const kills = Number(Deno.args[0] ?? 100);
let isClean = true;
for (const sink of ["csv", "google"] as const) {
  const began = performance.now();
  // deno-lint-ignore no-console -- a command speaks on stdout
  const told = (line: string): void => console.log(`${sink}: ${line}`);
  const report = await soak({ kills, sink, random: Math.random, told });
  told(`${JSON.stringify(report)} in ${Math.round((performance.now() - began) / 1000)} s`);
  isClean &&= !report.lost && !report.doubled && !report.outOfOrder;
}
Deno.exit(isClean ? 0 : 1);
