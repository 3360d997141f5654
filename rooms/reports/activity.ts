/**
 * The activity of a room: how much was said when and by whom, how long it was silent, and how soon somebody answered.
 *
 * It is counted message by message, in memory that doesn't grow with their number, and kept as JSON in between.
 */
import type { Message } from "../protocol.ts";

/** Time without a message. */
export interface Silence {
  /** As in the messages around it: `YYYY-MM-DD HH:MM:SS` in the service's time zone. */
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
  /** Who spoke first afterwards. */
  readonly brokenBy: string;
}

export interface PersonActivity {
  readonly name: string;
  readonly messages: number;
  /** How often this person was the first to answer. */
  readonly answers: number;
}

export interface Activity {
  readonly messages: number;
  /** Each day between the first and the last, `YYYY-MM-DD`. */
  readonly days: readonly (readonly [day: string, messages: number])[];
  /** From 0 to 23. */
  readonly hours: readonly number[];
  /** Whoever said the most comes first. */
  readonly people: readonly PersonActivity[];
  /** What was said by those who aren't among them: too many for a list. */
  readonly others: number;
  /** The longest come first. */
  readonly silences: readonly Silence[];
  /** How many questions were answered within each of {@link RESPONSE_BOUNDS}, and, as the last, later. */
  readonly responses: readonly number[];
  readonly unanswered: number;
  /** In seconds, give or take a twentieth; `undefined`: nobody ever answered. */
  readonly medianResponse: number | undefined;
}

/** Of first responses, in seconds. */
export const RESPONSE_BOUNDS: readonly number[] = [60, 300, 900, 3_600, 4 * 3_600, 24 * 3_600];
/**
 * What is said after so long a silence opens a conversation; the first one to speak who isn't who opened it gives the
 * first response, however late that is.
 */
export const OPENS_AFTER_SECONDS = 30 * 60;
const KEPT_SILENCES = 20;
/** A guest can have as many names as messages. */
const MAX_PEOPLE = 1_000;
/** A list of days without end would come of a clock that was wrong once. */
const MAX_DAYS = 10_000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Seconds are counted in classes, each a tenth wider than the one before. */
const CLASS_WIDTH = 1.1;

/** What is counted, as it is kept. */
interface Counted {
  messages: number;
  days: [string, number][];
  hours: number[];
  people: [name: string, messages: number, answers: number][];
  others: number;
  silences: Silence[];
  responses: number[];
  classes: [number, number][];
  /** Who opened a conversation that nobody has answered yet, and when. */
  open: { by: string; at: number } | undefined;
  last: { at: number; time: string } | undefined;
}

export class ActivityCount {
  readonly #days: Map<string, number>;
  readonly #people: Map<string, { messages: number; answers: number }>;
  readonly #classes: Map<number, number>;
  readonly #counted: Counted;

  /** Goes on from what {@link ActivityCount.toJSON} gave. */
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
    // Clocks may differ, and so a message may seem to come before the one that it follows.
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

  /** What has been counted. */
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
    const place = silences.findIndex(({ seconds }) => seconds < silence.seconds);
    silences.splice(place < 0 ? silences.length : place, 0, silence);
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
