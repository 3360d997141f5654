/** Figures of a bench: medians and spreads, as a table and as JSON. */

/** One thing measured, several times. */
export interface Figure {
  readonly bench: string;
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** (max − min) / median, in percent. */
export function spread(values: readonly number[]): number {
  return ((Math.max(...values) - Math.min(...values)) / (median(values) || 1)) * 100;
}

/** The value below which this share of the sorted values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** One line that says where this was measured. */
export function machine(): string {
  const model = /model name\s*:\s*(.+)/.exec(readText("/proc/cpuinfo"))?.[1] ?? Deno.build.arch;
  return `${model}, ${navigator.hardwareConcurrency} cores, ${Deno.build.os} ${Deno.osRelease()}, Deno ${Deno.version.deno}`;
}

/** What the process takes in memory, in MiB. */
export function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readText(`/proc/${pid}/status`))?.[1] ?? NaN) / 1024;
}

/** The figures as a Markdown table. */
export function table(figures: readonly Figure[]): string {
  const lines = figures.map(({ bench, name, unit, values }) =>
    `| ${bench} | ${name} | ${format(median(values))} ${unit} | ${
      Math.round(spread(values))
    } % | ${values.length} |`
  );
  return ["| bench | figure | median | spread | runs |", "| --- | --- | ---: | ---: | ---: |", ...lines].join(
    "\n",
  );
}

function format(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
