/** The words of the pages' languages, for what isn't a page: files, and sentences over sockets. */
import { StaticFiles } from "./static_files.ts";

/** The words below a key, in a language that there is. */
export type LanguageWords = (language: string, below: string) => Promise<Readonly<Record<string, string>>>;

export function languageWords(): LanguageWords {
  const files = new StaticFiles();
  return async (language, below) => {
    const words: Record<string, string> = JSON.parse(await files.text(`languages/${language}.json`));
    const prefix = `${below}.`;
    const found = Object.entries(words).filter(([key]) => key.startsWith(prefix));
    return Object.fromEntries(found.map(([key, word]) => [key.slice(prefix.length), word]));
  };
}
