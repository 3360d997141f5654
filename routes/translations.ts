/** The pages' translations, for files and for sentences sent over sockets. */
import type { FileSet, StaticFiles } from "./pages/static_files.ts";

/** The words below a key such as `report`, without that prefix, in a language that exists. */
export type Translations = (language: string, below: string) => Promise<Readonly<Record<string, string>>>;

/** All words of a language, parsed once for each set of files. */
export function wordsIn(set: FileSet, language: string): Readonly<Record<string, string>> {
  return set.once(`words ${language}`, () => JSON.parse(set.text(`languages/${language}.json`)));
}

/** Reads translations from the files as last seen. */
export function readTranslations(files: StaticFiles): Translations {
  return async (language, below) => {
    const words = wordsIn(await files.lastSeen(), language);
    const prefix = `${below}.`;
    const found = Object.entries(words).filter(([key]) => key.startsWith(prefix));
    return Object.fromEntries(found.map(([key, word]) => [key.slice(prefix.length), word]));
  };
}
