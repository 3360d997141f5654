/** Whether people can read a name and tell it from others. */

// Invisible characters are legitimate inside an emoji, between letters of scripts that join them, and after an ideograph,
// whose variant they select.
const JOINING = String.raw`[[\p{L}\p{M}]--[\p{Script=Latin}\p{Script=Han}]]`;
const PLACED_WELL = new RegExp(
  [
    String.raw`\p{RGI_Emoji}`,
    String.raw`(?<=${JOINING})[\u200c\u200d](?=${JOINING})`,
    String.raw`(?<=\p{Ideographic})[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]`,
  ].join("|"),
  "gv",
);
/** Check marks of any style: pages show one beside the names of accounts. */
const CHECK_MARKS = /[\u221a\u237b\u2611\u2705\u2713\u2714\u{10102}\u{1f5f8}\u{1f5f9}\u{1fbb1}]/u;
/** Drawn as blanks though they aren't white space: BRAILLE PATTERN BLANK, MUSICAL SYMBOL NULL NOTEHEAD, OBJECT REPLACEMENT CHARACTER. */
const BLANK = /[\u2800\u{1d159}\ufffc]/u;
/** Unassigned, private, or invisible characters. */
const UNSEEN = /[\p{Cn}\p{Co}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
/** A name needs more than combining marks, which would attach to whatever precedes it. */
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * Whether a name is legible: it has no check marks, nothing invisible and nothing that only looks like a space.
 *
 * @param name as `cleanName()` of `../user.ts` returns it
 */
export function isLegible(name: string): boolean {
  if (CHECK_MARKS.test(name) || BLANK.test(name)) return false;
  return VISIBLE.test(name) && !UNSEEN.test(name.replace(PLACED_WELL, ""));
}
