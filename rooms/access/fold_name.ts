/** Which names are the same. */
import { withoutUnwanted } from "../user.ts";

/**
 * The form in which names are compared: `Ada`, `ADA` and `Ａｄａ` are one name, so are `groß` and `GROẞ`, and so are
 * names that differ only in invisible characters or in those that {@link cleanName} removes. Folding a folded name
 * changes nothing.
 */
export function foldName(name: string): string {
  let folded = foldOnce(withoutUnwanted(name));
  for (let again = foldOnce(folded); again !== folded; again = foldOnce(folded)) folded = again;
  return folded;
}

/** One step of {@link foldName}: an early version folded names once, and stored them so. */
export function foldOnce(name: string): string {
  return name.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}/gu, "").toUpperCase().toLowerCase()
    .normalize("NFKC").replace(/\s+/gu, " ").trim();
}
