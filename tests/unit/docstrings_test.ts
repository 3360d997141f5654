import { assert } from "@std/assert";

/** The share of exports that have a docstring. The rest is for names that say everything themselves. */
const LEAST = 0.95;
const FOLDERS = ["rooms", "routes", "sheets"];
const EXPORT =
  /^export (?:default )?(?:async )?(?:abstract )?(?:function\*?|class|interface|type|const|enum) (\w+)/;

Deno.test("at least 95 % of what modules of the service export has a docstring", async () => {
  let count = 0;
  const missing: string[] = [];
  for await (const path of modules()) {
    const exported = exportsIn(await Deno.readTextFile(new URL(`../../${path}`, import.meta.url)));
    count += exported.size;
    for (const [name, isDocumented] of exported) if (!isDocumented) missing.push(`${path}: ${name}`);
  }
  assert(count > 0, "no exports were found");
  const share = 1 - missing.length / count;
  assert(
    share >= LEAST,
    `${(share * 100).toFixed(1)} % of ${count} exports have a docstring; without: ${
      missing.sort().join(", ")
    }`,
  );
});

/** The names that a module exports, and whether a docstring stands above one of their declarations. */
function exportsIn(source: string): Map<string, boolean> {
  const exported = new Map<string, boolean>();
  let above = "";
  for (const line of source.split("\n")) {
    const name = EXPORT.exec(line)?.[1];
    if (name !== undefined) exported.set(name, exported.get(name) || above.trimEnd().endsWith("*/"));
    if (!line.startsWith("// deno-lint-ignore")) above = line;
  }
  return exported;
}

/** The paths of the service's own modules, from the root of the project on. */
async function* modules(): AsyncGenerator<string> {
  yield "main.ts";
  for (const folder of FOLDERS) yield* below(folder);
}

async function* below(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(`../../${folder}`, import.meta.url))) {
    if (isDirectory) yield* below(`${folder}/${name}`);
    else if (/\.tsx?$/.test(name)) yield `${folder}/${name}`;
  }
}
