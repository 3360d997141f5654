/** The words of the pages' languages, for what isn't a page: files, and sentences over sockets. */
import type { FileSet, StaticFiles } from "./pages/static_files.ts";

/** The words below a key, in a language that there is. */
export type Translations = (language: string, below: string) => Promise<Readonly<Record<string, string>>>;

/** All words of a language. */
export function wordsIn(set: FileSet, language: string): Readonly<Record<string, string>> {
  return set.once(`words ${language}`, () => JSON.parse(set.text(`languages/${language}.json`)));
}

export function readTranslations(files: StaticFiles): Translations {
  return async (language, below) => {
    const words = wordsIn(await files.lastSeen(), language);
    const prefix = `${below}.`;
    const found = Object.entries(words).filter(([key]) => key.startsWith(prefix));
    return Object.fromEntries(found.map(([key, word]) => [key.slice(prefix.length), word]));
  };
}
