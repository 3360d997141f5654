/** All emoji and English words for them, made into one module by `deno task bundle`. */
export { default } from "emoji-picker-element-data/en/cldr/data.json" with { type: "json" };
