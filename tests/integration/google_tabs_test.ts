/** What people do to a tab while rows are written to it, and still each message is one row, and recorded only then. */
import { assert, assertEquals } from "@std/assert";
import type { Tab } from "../fakes/google_tab.ts";
import { startLog } from "../support/delivery.ts";
import { GooglePlace } from "../support/sheet_google.ts";

const BY_PEOPLE: Record<string, (tab: Tab, place: GooglePlace) => void> = {
  "a filter is set": (tab) => tab.isFiltered = true,
  "a row is hidden": (tab) => tab.hiddenRow = 1,
  "two rows are frozen": (tab) => tab.frozenRowCount = 2,
  "an array formula fills a column beside the rows": (tab) => {
    tab.spillEnd = 40;
    tab.rowCount = Math.max(tab.rowCount, 40);
  },
  "a column is put between two": (tab) => {
    tab.insertColumns(2, 1);
    tab.rows[0][2] = "mood";
  },
  "the columns are in another order": (tab) => tab.rows = tab.rows.map((row) => row.toReversed()),
  "the tab's name is written in capitals": (tab) => tab.title = "CHATLOGS",
  "rows are taken out in the middle": (tab) => tab.rows.splice(1, 1),
  "cells of a row, and a cell with those below the rows, are merged": (tab) => {
    tab.merge({ top: 1, left: 0, bottom: 2, right: 4 });
    tab.merge({ top: 3, left: 1, bottom: 8, right: 2 });
  },
  "the rows were made a table with empty rows at its end": (tab) => {
    tab.tableRows = 9;
    tab.rowCount = Math.max(tab.rowCount, 9);
  },
  "the tab is deleted, and another one made of its name": (_, { google }) => {
    google.spreadsheet.deleteTab("ChatLogs");
    google.spreadsheet.addTab("ChatLogs");
  },
  "the tab is sorted": (tab) => tab.rows = [tab.rows[0], ...tab.rows.slice(1).toReversed()],
};

for (const [what, change] of Object.entries(BY_PEOPLE)) {
  Deno.test(`Flusher writes each message once and in order though ${what}, also with a lost reply`, async () => {
    await using place = await GooglePlace.open();
    await using log = await startLog(place.sheet);
    await log.commit("a", "b", "c");
    await log.drained();
    change(place.google.tab("ChatLogs"), place);
    const tab = place.google.tab("ChatLogs");
    const ids: string[] = [];
    const standing = (): string[] =>
      tab.rows.slice(1).flatMap((row) => row.filter((cell) => ids.includes(cell)));
    // The header may be another one: the service looks at it when it opens the tab.
    for (const fault of ["drop", undefined, "half", undefined] as const) {
      if (fault) place.google.faults.next("append", { work: "done", outcome: fault });
      ids.push(...await log.commit("d", "e"));
      await log.drained();
      const recorded = log.settled.flatMap(({ recorded }) => recorded.map(({ id }) => id));
      assert(recorded.filter((id) => ids.includes(id)).every((id) => standing().includes(id)));
    }
    assertEquals(standing(), ids);
  });
}
