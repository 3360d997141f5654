/** The census: which rooms have people in them, and who is in one, at all isolates and machines, for whoever asks. */
import { type Channel, type Post, POST_LENGTH } from "../cluster/channel.ts";
import type { User } from "../user.ts";

/** A room that somebody is in. */
export interface Count {
  readonly room: string;
  readonly connections: number;
}

export interface SurveyParts {
  /** Missing when there is nobody else. */
  readonly channel: Channel | undefined;
  /** What this isolate is called by others. */
  readonly id: string;
  /** The ids of the others that live. */
  readonly others: () => readonly string[];
  readonly rooms: () => Iterable<OpenRoom>;
}

interface OpenRoom {
  readonly name: string;
  readonly connections: number;
  readonly presence: { readonly usersHere: readonly User[] };
}

/** Either which rooms there are whose names hold `filter`, or who is in `room`. */
interface Question {
  readonly room?: string;
  readonly filter?: string;
}

type Answer = Post & { type: "census" };
type Part = Pick<Answer, "rooms" | "users">;

/** Somebody who waits for answers. */
interface Inquiry {
  readonly rooms: Map<string, number>;
  readonly users: Map<string, User>;
  readonly missing: Set<string>;
  readonly complete: () => void;
}

/** Rooms that one answer names: the fullest ones. */
export const MOST_ROOMS = 200;
/** Who hasn't answered by then is left out. */
const PATIENCE_MS = 1_500;
const USERS_PER_POST = 60;
const ROOMS_PER_POST = Math.floor(POST_LENGTH / 100);

export class Survey {
  readonly #parts: SurveyParts;
  readonly #inquiries = new Map<string, Inquiry>();

  constructor(parts: SurveyParts) {
    this.#parts = parts;
  }

  /** The rooms whose names hold `filter`, the fullest first. */
  async rooms(filter: string): Promise<Count[]> {
    const { rooms } = await this.#ask({ filter });
    const counts = Array.from(rooms, ([room, connections]) => ({ room, connections }));
    return counts.sort((a, b) => b.connections - a.connections).slice(0, MOST_ROOMS);
  }

  /** Everybody who is in a room. */
  async members(room: string): Promise<User[]> {
    return [...(await this.#ask({ room })).users.values()];
  }

  receive(post: Post): void {
    if (post.type === "ask_census") {
      const { from: to, question, room, filter } = post;
      const parts = divided(this.#here({ room, filter }));
      for (const [i, part] of parts.entries()) {
        const isLast = i === parts.length - 1;
        this.#parts.channel?.post({ type: "census", to, from: this.#parts.id, question, ...part, isLast });
      }
    } else if (post.type === "census" && post.to === this.#parts.id) this.#take(post);
  }

  async #ask(question: Question): Promise<Inquiry> {
    const { channel, id, others } = this.#parts;
    const { promise, resolve } = Promise.withResolvers<void>();
    const inquiry: Inquiry = {
      rooms: new Map(),
      users: new Map(),
      missing: new Set(others()),
      complete: resolve,
    };
    add(inquiry, this.#here(question));
    if (!channel || !inquiry.missing.size) return inquiry;
    const number = crypto.randomUUID();
    this.#inquiries.set(number, inquiry);
    channel.post({ type: "ask_census", from: id, question: number, ...question });
    const timer = setTimeout(resolve, PATIENCE_MS);
    await promise;
    clearTimeout(timer);
    this.#inquiries.delete(number);
    return inquiry;
  }

  #take({ question, from, isLast, ...part }: Answer): void {
    const inquiry = this.#inquiries.get(question);
    if (!inquiry) return;
    add(inquiry, part);
    if (isLast && inquiry.missing.delete(from) && !inquiry.missing.size) inquiry.complete();
  }

  /** What this isolate has to say. */
  #here({ room, filter = "" }: Question): Part {
    const open = [...this.#parts.rooms()].filter(({ connections }) => connections);
    if (room !== undefined) {
      return { rooms: [], users: [...open.find(({ name }) => name === room)?.presence.usersHere ?? []] };
    }
    const wanted = filter.normalize("NFC").toLowerCase();
    const rooms = open.filter(({ name }) => name.toLowerCase().includes(wanted))
      .sort((a, b) => b.connections - a.connections).slice(0, MOST_ROOMS)
      .map(({ name, connections }) => ({ room: name, connections }));
    return { rooms, users: [] };
  }
}

function add(inquiry: Inquiry, { rooms, users }: Part): void {
  for (const { room, connections } of rooms) {
    inquiry.rooms.set(room, (inquiry.rooms.get(room) ?? 0) + connections);
  }
  for (const user of users) inquiry.users.set(user.id, user);
}

/** The same in parts that fit into posts, at least one. */
function divided({ rooms, users }: Part): Part[] {
  const parts: Part[] = [];
  for (let i = 0; i < rooms.length; i += ROOMS_PER_POST) {
    parts.push({ rooms: rooms.slice(i, i + ROOMS_PER_POST), users: [] });
  }
  for (let i = 0; i < users.length; i += USERS_PER_POST) {
    // Only what a post may hold of a user.
    const some = users.slice(i, i + USERS_PER_POST).map(({ id, name, isGuest }) => ({ id, name, isGuest }));
    parts.push({ rooms: [], users: some });
  }
  return parts.length ? parts : [{ rooms: [], users: [] }];
}
