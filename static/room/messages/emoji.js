const MOST_EMOJI = 6;
/**
 * No character fits two of its alternatives: with two ways for each, 60 characters that end in a letter took two minutes.
 */
const EMOJI_ONLY =
  /^(?:[\p{Emoji_Presentation}\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u200d\ufe0f\s]|[#*0-9]\ufe0f?\u20e3)+$/u;
const TAGS = /[\u{e0020}-\u{e007f}]/gu;

/**
 * Whether a message is nothing but one to six emoji, which are shown large.
 * @param {string} message
 * @returns {boolean}
 */
export function isEmojiOnly(message) {
  const emoji = message.replace(TAGS, "").trim();
  if (emoji.length > MOST_EMOJI * 12 || !EMOJI_ONLY.test(emoji)) return false;
  const graphemes = [...new Intl.Segmenter().segment(emoji)].filter(({ segment }) => segment.trim());
  return graphemes.length > 0 && graphemes.length <= MOST_EMOJI;
}
