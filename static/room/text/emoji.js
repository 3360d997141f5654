/** A message of at most this many emoji, and nothing else, is shown large. */
const MAX_LARGE = 6;
/** A UTF-16 length above which no six emoji lie: families and flags take up to 12 units each. */
const MAX_UNITS = MAX_LARGE * 12;
/**
 * Its alternatives exclude each other. When each character matched two of them, 60 characters that ended in a letter took
 * two minutes.
 */
const EMOJI_ONLY =
  /^(?:[\p{Emoji_Presentation}\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u200d\ufe0f\s]|[#*0-9]\ufe0f?\u20e3)+$/u;
const TAGS = /[\u{e0020}-\u{e007f}]/gu;

/**
 * Whether a message consists of one to six emoji alone, which are shown large.
 * @param {string} message
 * @returns {boolean}
 */
export function isEmojiOnly(message) {
  const emoji = message.replace(TAGS, "").trim();
  if (emoji.length > MAX_UNITS || !EMOJI_ONLY.test(emoji)) return false;
  const graphemes = [...new Intl.Segmenter().segment(emoji)].filter(({ segment }) => segment.trim());
  return graphemes.length > 0 && graphemes.length <= MAX_LARGE;
}
