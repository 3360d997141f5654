/** @import { RoomSocket } from "../connection/room_socket.js" */
/** @import { Candidate } from "../composer/mention_list.js" */

/** The people of a room whom this visitor may mention: who is there, who has spoken, and its members. */
export class MentionablePeople {
  #socket;
  /** @type {Map<string, Candidate>} by person */
  #met = new Map();
  /** @type {readonly string[]} */
  #members = [];

  /** @param {Pick<RoomSocket, "on" | "person" | "username">} socket */
  constructor(socket) {
    this.#socket = socket;
    /** @param {{ person?: string, username: string, account?: boolean }} one */
    const note = ({ person, username, account }) => this.#met.set(person ?? username, { username, account });
    socket.on("online", (online) => online.forEach(note));
    socket.on("messages", ({ messages }) => messages.forEach(note));
  }

  /** Notes who may enter a private room, online or not. @param {readonly string[]} names of accounts @returns {void} */
  setMembers(names) {
    this.#members = names;
  }

  /** Everybody but this visitor. @returns {readonly Candidate[]} */
  all() {
    const { person: own, username } = this.#socket;
    const met = Array.from(this.#met).filter(([person]) => person !== own).map(([, one]) => one);
    const known = new Set([
      username,
      ...met.filter(({ account }) => account).map(({ username }) => username),
    ]);
    const others = this.#members.filter((name) => !known.has(name));
    return [...met, ...others.map((name) => ({ username: name, account: true }))];
  }
}
