/**
 * The reactions to a message as its line holds them: behind a tab, which JSON escapes, an object of
 * `{ emoji: [[person, name], …] }` in the order in which people reacted.
 */
import type { Reaction } from "../../protocol.ts";
import { NOBODY } from "../../user.ts";

/** The most different emoji on one message. */
export const MAX_EMOJI = 12;
/** Reactions to one message at most, of all people, and characters of their JSON: a line has to fit into a stored value. */
const MAX_REACTIONS = 600;
const MAX_LENGTH = 24_000;
/** Names of people in a frame, for each emoji. */
const MAX_NAMES = 20;
/** The size of an emoji at most, in bytes of UTF-8; a flag of a region takes 28. */
const MAX_EMOJI_BYTES = 32;

/** Stands between the JSON of a line and its reactions. */
export const REACTIONS_FOLLOW = "\t";

type Person = readonly [person: string, name: string];
type Reactions = Readonly<Record<string, readonly Person[]>>;

/** One emoji in the form that people's devices show in colour; `undefined` for anything else. */
export function emojiIn(text: string): string | undefined {
  if (new TextEncoder().encode(text).length > MAX_EMOJI_BYTES) return undefined;
  // Without its variation selector, a heart is a character of text.
  return [text, `${text}\ufe0f`].find((form) => /^\p{RGI_Emoji}$/v.test(form));
}

/** The reactions of a line as a client reads them; those of the person `reader` are marked. */
export function reactionsFor(json: string, reader: string): Reaction[] {
  return Object.entries(JSON.parse(json) as Reactions).map(([emoji, people]) => ({
    emoji,
    count: people.length,
    users: people.slice(0, MAX_NAMES).map(([, name]) => name),
    ...(reader && people.some(([person]) => person === reader) ? { mine: true as const } : {}),
  }));
}

/** A line with or without the reaction of one person; as it was where that changes nothing, or it has too many. */
export function withReaction(line: string, emoji: string, [person, name]: Person, isOn: boolean): string {
  const [json, reactions] = split(line);
  const others = (reactions[emoji] ?? []).filter(([other]) => other !== person);
  const isThere = others.length !== (reactions[emoji]?.length ?? 0);
  if (isThere === isOn || (isOn && refusal(reactions, emoji))) return line;
  return joined(json, { ...reactions, [emoji]: isOn ? [...others, [person, name]] : others });
}

/** Why a line can't take one more reaction of this emoji; `undefined`: it can. */
export function reactionRefusal(line: string, emoji: string): string | undefined {
  return refusal(split(line)[1], emoji);
}

/** Whether the line has this person's reaction. */
export function hasReaction(line: string, emoji: string, person: string): boolean {
  return split(line)[1][emoji]?.some(([other]) => other === person) === true;
}

/** A line whose reactions tell nobody of this name. */
export function withoutReactionsBy(line: string, name: string): string {
  const [json, reactions] = split(line);
  const nameless = Object.entries(reactions).map(([emoji, people]) => [
    emoji,
    people.map(([person, other]) => other === name ? [NOBODY, NOBODY] as const : [person, other] as const),
  ]);
  return joined(json, Object.fromEntries(nameless));
}

function refusal(reactions: Reactions, emoji: string): string | undefined {
  const people = Object.values(reactions);
  if (!reactions[emoji] && people.length >= MAX_EMOJI) {
    return `A message can have at most ${MAX_EMOJI} different emoji`;
  }
  const count = people.reduce((sum, { length }) => sum + length, 0);
  const isFull = count >= MAX_REACTIONS || JSON.stringify(reactions).length > MAX_LENGTH;
  return isFull ? `A message can have at most ${MAX_REACTIONS} reactions` : undefined;
}

function split(line: string): [json: string, reactions: Reactions] {
  const end = line.indexOf(REACTIONS_FOLLOW);
  return end < 0 ? [line, {}] : [line.slice(0, end), JSON.parse(line.slice(end + 1))];
}

function joined(json: string, reactions: Reactions): string {
  const left = Object.entries(reactions).filter(([, people]) => people.length);
  return left.length ? json + REACTIONS_FOLLOW + JSON.stringify(Object.fromEntries(left)) : json;
}
