import { assertEquals } from "@std/assert";
import { createLogger } from "../../routes/logger.ts";

Deno.test("createLogger() writes lines of its level and above, and reports each error", () => {
  const lines: string[] = [];
  let errors = 0;
  const log = createLogger("error", (line) => lines.push(JSON.parse(line).event), () => errors++);
  log.info("quiet");
  log.error("loud", { id: "1" });
  assertEquals([lines, errors], [["loud"], 1]);
});
