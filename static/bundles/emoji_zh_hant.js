/** All emoji and Traditional Chinese words for them, made into one module by `deno task bundle`. */
export { default } from "emoji-picker-element-data/zh-hant/cldr/data.json" with { type: "json" };
