/**
 * The activity of a room: messages by day, hour and person, the longest silences, and the time to the first responses.
 *
 * It is counted message by message, in memory that doesn't grow with their number. Between two slices of a report the
 * counts are stored as JSON.
 */
import type { Message } from "../protocol.ts";

/** Time without a message. */
export interface Silence {
  /** As in the messages around it: `YYYY-MM-DD HH:MM:SS` in the service's time zone. */
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
  /** The name of the author of the first message after it. */
  readonly brokenBy: string;
}

/** The counts of one name. */
export interface PersonActivity {
  readonly name: string;
  readonly messages: number;
  /** Conversations in which this person gave the first response. */
  readonly answers: number;
}

/** The counts of one room. */
export interface Activity {
  readonly messages: number;
  /** Every day from the first message to the last, `YYYY-MM-DD`, with its number of messages. */
  readonly days: readonly (readonly [day: string, messages: number])[];
  /** Messages by hour of the day, from 0 to 23. */
  readonly hours: readonly number[];
  /** By name, the most messages first. */
  readonly people: readonly PersonActivity[];
  /** Messages by names that aren't in {@link people}, which has at most {@link MAX_PEOPLE}. */
  readonly others: number;
  /** The longest {@link KEPT_SILENCES}, the longest first. */
  readonly silences: readonly Silence[];
  /** Conversations by the time to their first response: up to each of {@link RESPONSE_BOUNDS}, and at last above all. */
  readonly responses: readonly number[];
  /** Conversations without a response: 1 if the last one has none, or else 0. */
  readonly unanswered: number;
  /** Seconds to the median first response, within 5 %; `undefined`: there is none. */
  readonly medianResponse: number | undefined;
}

/** Upper bounds of the time to a first response, in seconds. */
export const RESPONSE_BOUNDS: readonly number[] = [60, 300, 900, 3_600, 4 * 3_600, 24 * 3_600];
/**
 * A message after a silence of this length opens a conversation. The next message by somebody else is the first response,
 * however late it comes.
 */
const OPENS_AFTER_SECONDS = 30 * 60;
/** The silences that are kept. */
const KEPT_SILENCES = 20;
/** The most names that are counted: a guest can have a new one for every message. */
const MAX_PEOPLE = 1_000;
/** Days that are counted: a clock that was wrong once would make the list of days endless. */
const MAX_DAYS = 10_000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Response times are counted in classes of seconds, each 10 % wider than the one before. */
const CLASS_WIDTH = 1.1;

/** The counts, as they are stored. */
interface Counted {
  messages: number;
  days: [string, number][];
  hours: number[];
  people: [name: string, messages: number, answers: number][];
  others: number;
  silences: Silence[];
  responses: number[];
  classes: [number, number][];
  /** The author and time of the message that opened a conversation without a response yet. */
  open: { by: string; at: number } | undefined;
  last: { at: number; time: string } | undefined;
}

/** Counts the activity of one room. */
export class ActivityCount {
  readonly #days: Map<string, number>;
  readonly #people: Map<string, { messages: number; answers: number }>;
  readonly #classes: Map<number, number>;
  readonly #counted: Counted;

  /** Continues the counts that {@link ActivityCount.toJSON} answered; without them, begins at zero. */
  constructor(kept?: unknown) {
    this.#counted = kept ? structuredClone(kept as Counted) : {
      messages: 0,
      days: [],
      hours: Array(24).fill(0),
      people: [],
      others: 0,
      silences: [],
      responses: Array(RESPONSE_BOUNDS.length + 1).fill(0),
      classes: [],
      open: undefined,
      last: undefined,
    };
    const { days, people, classes } = this.#counted;
    this.#days = new Map(days);
    this.#people = new Map(people.map(([name, messages, answers]) => [name, { messages, answers }]));
    this.#classes = new Map(classes);
  }

  /** Counts the next message. */
  add({ username, time, timestamp }: Pick<Message, "username" | "time" | "timestamp">): void {
    const counted = this.#counted;
    const at = Date.parse(timestamp);
    counted.messages++;
    const day = time.slice(0, 10);
    if (this.#days.size < MAX_DAYS || this.#days.has(day)) {
      this.#days.set(day, (this.#days.get(day) ?? 0) + 1);
    }
    counted.hours[Number(time.slice(11, 13))]++;
    const person = this.#person(username);
    if (person) person.messages++;
    else counted.others++;
    // Machines' clocks differ, so a message's time may be before that of the previous one.
    const silence = counted.last ? Math.max(0, (at - counted.last.at) / 1000) : Infinity;
    if (counted.last) {
      this.#note({ from: counted.last.time, to: time, seconds: Math.round(silence), brokenBy: username });
    }
    if (counted.open && counted.open.by !== username) {
      this.#answered(Math.max(0, (at - counted.open.at) / 1000));
      if (person) person.answers++;
      counted.open = undefined;
    } else if (!counted.open && silence >= OPENS_AFTER_SECONDS) counted.open = { by: username, at };
    counted.last = { at, time };
  }

  /** The activity of the messages counted so far. */
  result(): Activity {
    const { messages, hours, others, silences, responses, open } = this.#counted;
    const people = Array.from(this.#people, ([name, counts]) => ({ name, ...counts }))
      .sort((a, b) => b.messages - a.messages || (a.name < b.name ? -1 : 1));
    return {
      messages,
      days: this.#everyDay(),
      hours,
      people,
      others,
      silences,
      responses,
      unanswered: open ? 1 : 0,
      medianResponse: this.#median(),
    };
  }

  /** The counts, to be continued by another instance. */
  toJSON(): unknown {
    const people = Array.from(this.#people, ([name, { messages, answers }]) => [name, messages, answers]);
    return { ...this.#counted, days: [...this.#days], people, classes: [...this.#classes] };
  }

  #person(name: string): { messages: number; answers: number } | undefined {
    let person = this.#people.get(name);
    if (!person && this.#people.size < MAX_PEOPLE) {
      this.#people.set(name, person = { messages: 0, answers: 0 });
    }
    return person;
  }

  #note(silence: Silence): void {
    const { silences } = this.#counted;
    if (silence.seconds <= (silences[KEPT_SILENCES - 1]?.seconds ?? 0)) return;
    const index = silences.findIndex(({ seconds }) => seconds < silence.seconds);
    silences.splice(index < 0 ? silences.length : index, 0, silence);
    silences.length = Math.min(silences.length, KEPT_SILENCES);
  }

  #answered(seconds: number): void {
    const bound = RESPONSE_BOUNDS.findIndex((bound) => seconds <= bound);
    this.#counted.responses[bound < 0 ? RESPONSE_BOUNDS.length : bound]++;
    const width = Math.round(Math.log(seconds + 1) / Math.log(CLASS_WIDTH));
    this.#classes.set(width, (this.#classes.get(width) ?? 0) + 1);
  }

  #median(): number | undefined {
    const classes = Array.from(this.#classes).sort(([a], [b]) => a - b);
    let left = classes.reduce((sum, [, count]) => sum + count, 0) / 2;
    for (const [width, count] of classes) {
      if ((left -= count) <= 0) return Math.round(CLASS_WIDTH ** width - 1);
    }
  }

  #everyDay(): [string, number][] {
    const known = Array.from(this.#days.keys()).sort();
    const [first, last] = [known[0], known.at(-1)].map((day) => Date.parse(`${day}T00:00:00Z`));
    if (!((last - first) / DAY_MS < MAX_DAYS)) return known.map((day) => [day, this.#days.get(day) ?? 0]);
    return Array.from({ length: (last - first) / DAY_MS + 1 }, (_, i) => {
      const day = new Date(first + i * DAY_MS).toISOString().slice(0, 10);
      return [day, this.#days.get(day) ?? 0];
    });
  }
}
