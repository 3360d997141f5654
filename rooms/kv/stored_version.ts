/**
 * The version of what is stored: how a newer program finds out what an older one wrote.
 *
 * | key | value |
 * | --- | --- |
 * | `["version"]` | how many of the migrations (`rooms/migrations.ts`) were carried out; missing before there were versions |
 *
 * Raise it only for what an older program would misread: new keys and new optional fields need no version.
 */

/** Changes what one version wrote into what the next one reads. It may be carried out twice: a process may die in it. */
export type Migration = (kv: Deno.Kv) => Promise<void>;

/** The data was written by a newer program. */
export class NewerDataError extends Error {
  override readonly name = "NewerDataError";

  constructor(stored: number, known: number) {
    super(
      `The data is of version ${stored}, and this program reads version ${known} at most: it was written by a newer ` +
        "Talksheet. Start that one again, or restore a copy of data/ from before the upgrade.",
    );
  }
}

const KEY = ["version"];

/**
 * Brings what is stored to the version of this program: `migrations` in order, of which the one at index `n` makes version
 * `n + 1` of version `n`. Harmless when several processes do it at once.
 * @throws {NewerDataError} when a newer program has written it.
 */
export async function migrate(kv: Deno.Kv, migrations: readonly Migration[]): Promise<void> {
  while (true) {
    const entry = await kv.get<number>(KEY);
    const version = entry.value ?? 0;
    if (version > migrations.length) throw new NewerDataError(version, migrations.length);
    if (version === migrations.length) return;
    await migrations[version](kv);
    // Refused when another process was faster: then the loop looks again.
    await kv.atomic().check(entry).set(KEY, version + 1).commit();
  }
}
