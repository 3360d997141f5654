/** Pages from their templates: which ones they include, and the words and values that they show. */
import type { StaticFiles } from "./static_files.ts";

/** Words by their keys, or what a page needs besides: the values of `{{page.…}}` in its template. */
export type PageValues = Readonly<Record<string, string>>;

const INCLUDE = /\{\{>([\w.]+)\}\}/g;
const PLACE = /\{\{(=?) ?([\w.]+) ?\}\}/g;

/** A template with the ones it includes by `{{>name}}`, which include none themselves. */
export async function readTemplate(files: StaticFiles, name: string): Promise<string> {
  const text = await files.text(name);
  const names = [...text.matchAll(INCLUDE)].map(([, included = ""]) => included);
  const parts = new Map(
    await Promise.all(names.map(async (part) => [part, await files.text(part)] as const)),
  );
  return text.replace(INCLUDE, (_, part) => parts.get(part) ?? "");
}

/**
 * Fills a template in one pass, so that nothing a visitor wrote is ever read as a place to fill: `{{key}}`
 * with a word, `{{page.key}}` with a value, both escaped, and `{{=key}}` with all words below a key, as JSON
 * for a script.
 */
export function fillTemplate(template: string, words: PageValues, values: PageValues): string {
  return template.replace(PLACE, (_, asJson, key: string) => {
    if (asJson) return wordsBelow(key, words);
    const text = key.startsWith("page.") ? values[key.slice("page.".length)] : words[key];
    if (text === undefined) throw new Error(`Cannot fill the page: there is no "${key}"`);
    return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  });
}

/** `<` is escaped because `</script` would end the block that this stands in. */
function wordsBelow(key: string, words: PageValues): string {
  const prefix = `${key}.`;
  const below = Object.entries(words).filter(([name]) => name.startsWith(prefix));
  const table = Object.fromEntries(below.map(([name, word]) => [name.slice(prefix.length), word]));
  return JSON.stringify(table).replaceAll("<", "\\u003c");
}
