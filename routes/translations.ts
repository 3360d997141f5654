/** The words of the pages' languages, typed by their keys. */
import english from "../static/languages/en.json" with { type: "json" };
import type { FileSet, StaticFiles } from "./pages/static_files.ts";

/** All words of a language by their keys; a test holds that the languages have the same keys. */
export type Words = Readonly<Record<keyof typeof english, string>>;

/** The words below a key, in a language that there is. */
export type Translations = (language: string, below: string) => Promise<Readonly<Record<string, string>>>;

/** All words of a language, read once for a set of files. */
export function wordsIn(set: FileSet, language: string): Words {
  return set.once(`words ${language}`, () => JSON.parse(set.text(`languages/${language}.json`)));
}

/** The words whose keys begin with `below` and a dot, by what follows it. */
export function wordsBelow(words: Words, below: string): Readonly<Record<string, string>> {
  const prefix = `${below}.`;
  const found = Object.entries(words).filter(([key]) => key.startsWith(prefix));
  return Object.fromEntries(found.map(([key, word]) => [key.slice(prefix.length), word]));
}

/** For what isn't a page: files, and sentences over sockets. */
export function readTranslations(files: StaticFiles): Translations {
  return async (language, below) => wordsBelow(wordsIn(await files.lastSeen(), language), below);
}
