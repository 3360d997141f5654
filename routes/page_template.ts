/** Pages from their templates: which ones they include, and the words and values that they show. */
import type { StaticFiles } from "./static_files.ts";

/** Words by their keys, or what a page needs besides: the values of `{{page.…}}` in its template. */
export type PageValues = Readonly<Record<string, string>>;

const LAYOUT = /^\{\{<([\w.]+)((?: \w+=[\w.]+)*)\}\}\n/;
const INCLUDE = /\{\{>([\w.]+)((?: \w+=[\w.]+)*)\}\}/g;
const BODY = /\{\{ ?body ?\}\}/;
const PLACE = /\{\{(=?) ?([\w.]+) ?\}\}/g;

/**
 * A template with those that it includes by `{{>name.html}}`, within the layout that its first line may name by
 * `{{<name.html}}`, where it stands for `{{ body }}`. Both may be given texts, `{{>bar.html title=help.title}}`, that stand
 * for `$title` in them.
 */
export async function readTemplate(files: StaticFiles, name: string, given = ""): Promise<string> {
  const text = withGiven(await files.text(name), name, given);
  const [line = "", layout, forLayout] = LAYOUT.exec(text) ?? [];
  const body = text.slice(line.length);
  const included = [...body.matchAll(INCLUDE)];
  const parts = await Promise.all(included.map(([, part, forPart]) => readTemplate(files, part, forPart)));
  const whole = body.replace(INCLUDE, () => parts.shift() ?? "");
  return layout ? (await readTemplate(files, layout, forLayout)).replace(BODY, () => whole) : whole;
}

function withGiven(text: string, name: string, given: string): string {
  const texts = new Map(given.trim().split(" ").map((pair) => pair.split("=") as [string, string]));
  return text.replace(/\$(\w+)/g, (_, key) => {
    const value = texts.get(key);
    if (value === undefined) throw new Error(`Cannot fill ${name}: it wants "${key}"`);
    return value;
  });
}

/**
 * Fills a template in one pass, so that nothing a visitor wrote is ever read as a place to fill: `{{key}}`
 * with a word, `{{page.key}}` with a value, both escaped, and `{{=key}}` with all words below a key, as JSON that
 * scripts find under `[data-words]`.
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
  const json = JSON.stringify(table).replaceAll("<", "\\u003c");
  return `<script type="application/json" data-words>${json}</script>`;
}
