/** Which messages are in the sheet, and which it refused for good. */
import { idIn, isDeleted, type Line, stampIn } from "./message.ts";

interface Identified {
  readonly id: string;
}

/** Knows it by how far delivery is: rows are written in the order of commits. */
export class RecordedMessages {
  /** Batches up to this versionstamp are in the sheet. */
  #upTo = "";
  /** The ids of messages that the sheet refused. */
  readonly #refused = new Set<string>();

  /**
   * All batches up to this versionstamp are settled: their messages are in the sheet, except for those that it refused,
   * in these batches or earlier.
   */
  markRecorded(versionstamp: string, recorded: Iterable<Identified>, refused: Iterable<Identified>): void {
    if (versionstamp > this.#upTo) this.#upTo = versionstamp;
    if (this.#refused.size) { for (const { id } of recorded) this.#refused.delete(id); }
    for (const { id } of refused) this.#refused.add(id);
  }

  /** Whether a line is one that {@link markRecorded} with this versionstamp would settle. */
  dueBy(versionstamp: string): (line: Line) => boolean {
    const after = this.#upTo && `${this.#upTo}~`;
    return (line) => line > after && line < `${versionstamp}~`;
  }

  /** What a frame says of a line, as JSON with a comma after each field. */
  fieldsOf(line: Line): string {
    const deleted = isDeleted(line) ? `"deleted":true,` : "";
    if (stampIn(line) > this.#upTo) return deleted;
    return deleted + (this.#refused.has(idIn(line)) ? `"not_recorded":true,` : `"recorded":true,`);
  }
}
