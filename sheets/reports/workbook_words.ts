/** The words in workbooks: not among the pages' words, because no page needs them. */

/** The words of one language; those of `within` stand for the bounds of first responses, in their order. */
export type WorkbookWords = typeof CHINESE;

const CHINESE = {
  deleted: "（訊息已刪除）",
  summary: "摘要",
  room: "聊天室",
  from: "從",
  to: "到",
  beginning: "最早的訊息",
  time_zone: "時區",
  messages: "訊息數",
  people: "發言人數",
  busiest_day: "訊息最多的一天",
  busiest_hour: "訊息最多的時段",
  longest_silence_hours: "最長沉默（小時）",
  conversations: "對話數",
  median_response_minutes: "首次回應時間中位數（分鐘）",
  response_rule: "沉默 30 分鐘後的第一則訊息算一段新對話；首次回應是第一個由別人說的話。",
  none: "沒有",
  per_day: "每日訊息",
  day: "日期",
  per_hour: "每小時訊息",
  hour: "時段",
  per_person: "每人訊息",
  person: "名稱",
  share: "比例（%）",
  others: "其他人",
  silences: "最長沉默",
  silence_from: "開始",
  silence_to: "結束",
  hours: "小時",
  broken_by: "先開口的人",
  first_responses: "首次回應",
  response_time: "回應時間",
  within: ["1 分鐘內", "5 分鐘內", "15 分鐘內", "1 小時內", "4 小時內", "1 天內"],
  later: "超過 1 天",
  unanswered: "尚未回應",
};

const ENGLISH: WorkbookWords = {
  deleted: "(message deleted)",
  summary: "Summary",
  room: "Room",
  from: "From",
  to: "To",
  beginning: "the first message",
  time_zone: "Time zone",
  messages: "Messages",
  people: "People who spoke",
  busiest_day: "Busiest day",
  busiest_hour: "Busiest hour",
  longest_silence_hours: "Longest silence (hours)",
  conversations: "Conversations",
  median_response_minutes: "Median first response (minutes)",
  response_rule:
    "The first message after 30 minutes of silence opens a conversation; the first response is the first message by somebody else.",
  none: "none",
  per_day: "Messages by day",
  day: "Day",
  per_hour: "Messages by hour",
  hour: "Hour",
  per_person: "Messages by person",
  person: "Name",
  share: "Share (%)",
  others: "Others",
  silences: "Longest silences",
  silence_from: "From",
  silence_to: "To",
  hours: "Hours",
  broken_by: "Spoke first",
  first_responses: "First responses",
  response_time: "Answered within",
  within: ["1 minute", "5 minutes", "15 minutes", "1 hour", "4 hours", "1 day"],
  later: "more than 1 day",
  unanswered: "not yet",
};

/** The words of a language, as a BCP 47 tag; Chinese where there are none. */
export function workbookWords(language: string): WorkbookWords {
  return language === "en" ? ENGLISH : CHINESE;
}
