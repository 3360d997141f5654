/** Pages from their templates: which ones they include, and the words and values that they show. */
import type { FileSet } from "./static_files.ts";

/** Words by their keys, or what a page needs besides: the values of `{{page.…}}` in its template. */
export type PageValues = Readonly<Record<string, string>>;

const LAYOUT = /^\{\{<([\w.]+)((?: \w+=[\w./]+)*)\}\}\n/;
const INCLUDE = /\{\{>([\w.]+)((?: \w+=[\w./]+)*)\}\}/g;
const BODY = /\{\{ ?body ?\}\}/;
/** An attribute with an address of this service, up to its slash. */
const OWN_ADDRESS = /\s(?:href|src|action)="(?=\/(?!\/))/g;
const PLACE = /\{\{(=?) ?([\w.]+) ?\}\}/g;

/**
 * A template with those that it includes by `{{>name.html}}`, within the layout that its first line may name by
 * `{{<name.html}}`, where it stands for `{{ body }}`. Both may be given texts, `{{>bar.html title=help.title}}`, that stand
 * for `$title` in them.
 */
export function readTemplate(files: FileSet, name: string, given = ""): string {
  const text = withGiven(files.text(name), name, given);
  const [line = "", layout, forLayout] = LAYOUT.exec(text) ?? [];
  const whole = text.slice(line.length)
    .replace(INCLUDE, (_, part, forPart) => readTemplate(files, part, forPart));
  return layout ? readTemplate(files, layout, forLayout).replace(BODY, () => whole) : whole;
}

function withGiven(text: string, name: string, given: string): string {
  const texts = new Map(given.trim().split(" ").map((pair) => pair.split("=") as [string, string]));
  return text.replace(/\$(\w+)/g, (_, key) => {
    const value = texts.get(key);
    if (value === undefined) throw new Error(`Cannot fill ${name}: it wants "${key}"`);
    return value;
  });
}

/** A page whose words stand in it, and what remains to be filled: texts, and between each two the name of a value. */
export interface Blank {
  readonly texts: readonly string[];
  readonly names: readonly string[];
}

/**
 * Puts words into a template: `{{key}}` is a word, escaped, and `{{=key}}` all words below a key, as JSON that scripts find
 * under `[data-words]`; `{{page.key}}` stays for {@link fillBlank}. Addresses of this service, which begin with a slash, get
 * `basePath` in front.
 */
export function blankOf(template: string, words: PageValues, basePath: string): Blank {
  const below = template.replace(OWN_ADDRESS, (attribute) => attribute + basePath)
    .replace("<html ", () => `<html data-base="${basePath}" `);
  const texts = [""];
  const names: string[] = [];
  let end = 0;
  for (const { 0: place, 1: asJson, 2: key = "", index } of below.matchAll(PLACE)) {
    texts[texts.length - 1] += below.slice(end, index);
    end = index + place.length;
    if (key.startsWith("page.")) {
      names.push(key.slice("page.".length));
      texts.push("");
    } else if (asJson) {
      texts[texts.length - 1] += wordsBelow(key, words);
    } else {
      texts[texts.length - 1] += escaped(key, words[key]);
    }
  }
  texts[texts.length - 1] += below.slice(end);
  return { texts, names };
}

/** Fills in what a page shows of one visit, escaped: nothing that a visitor wrote is ever read as a place to fill. */
export function fillBlank({ texts, names }: Blank, values: PageValues): string {
  const [first = "", ...rest] = texts;
  return rest.reduce((page, text, i) => page + escaped(`page.${names[i]}`, values[names[i]]) + text, first);
}

function escaped(key: string, text: string | undefined): string {
  if (text === undefined) throw new Error(`Cannot fill the page: there is no "${key}"`);
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** `<` is escaped because `</script` would end the block that this stands in. */
function wordsBelow(key: string, words: PageValues): string {
  const prefix = `${key}.`;
  const below = Object.entries(words).filter(([name]) => name.startsWith(prefix));
  const table = Object.fromEntries(below.map(([name, word]) => [name.slice(prefix.length), word]));
  const json = JSON.stringify(table).replaceAll("<", "\\u003c");
  return `<script type="application/json" data-words>${json}</script>`;
}
