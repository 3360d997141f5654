/** Two figures of the bench that a change may not spoil unnoticed. */
import { assert } from "@std/assert";
import { besideFloor, LOADS } from "./floor.ts";

/** The ratios of 27 November 2026, see `tests/README.md`. */
const RECORDED: Readonly<Record<string, number>> = { "1 room of 200": 0.85, "50 rooms of 4": 0.7 };
const MAY_FALL_TO = 2 / 3;

for (const load of LOADS) {
  Deno.test({
    name:
      `A message in ${load.name} costs the processor at most half again as much as recorded, beside a bare server`,
    // Linux alone counts the time of each thread so finely.
    ignore: Deno.build.os !== "linux",
    async fn() {
      const enough = RECORDED[load.name] * MAY_FALL_TO;
      const ratio = await besideFloor(load, 12, enough);
      assert(
        ratio >= enough,
        `${ratio.toFixed(2)} of a bare server's, and no less than ${enough.toFixed(2)}`,
      );
    },
  });
}
