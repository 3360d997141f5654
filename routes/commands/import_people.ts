/** `deno task user import people.csv`: makes accounts from a list, and prints links that sign each in once. */
import { renderSVG } from "uqr";
import { RefusedError, type Running } from "./command.ts";
import { type ListedPerson, readPeople } from "./people_file.ts";

/** How an import is asked for. */
export interface ImportOptions {
  /** Changes nothing. */
  readonly isDry: boolean;
  /** Prints a page with QR codes instead of lines. */
  readonly isPage: boolean;
  /** The service's address for people. */
  readonly url: string;
  readonly newPassword: () => string;
}

/**
 * Imports a list; yields lines to print.
 *
 * @throws {RefusedError} with what is wrong in each line, before anything is changed.
 */
export async function* importPeople(
  service: Running,
  text: string,
  { isDry, isPage, url, newPassword }: ImportOptions,
): AsyncGenerator<string> {
  const { people, errors } = readPeople(text);
  if (errors.length) throw new RefusedError(`Nothing was imported:\n${errors.join("\n")}`);
  const { users } = await service.ask<{ users: { username: string }[] }>("GET", "/api/users");
  const known = new Set(users.map(({ username }) => username.toLowerCase()));
  const isKnown = ({ username }: ListedPerson): boolean => known.has(username.toLowerCase());
  if (isDry) {
    for (const person of people) {
      const rooms = person.rooms.length ? `, in ${person.rooms.join(", ")}` : "";
      yield `line ${person.line}: ${person.username} ${
        isKnown(person) ? "exists" : `would be made as ${person.role}`
      }${rooms}`;
    }
    return yield `${
      people.filter((person) => !isKnown(person)).length
    } accounts would be made; nothing was changed`;
  }
  const links: { name: string; link: string }[] = [];
  for (const person of people) {
    const { username, displayName, role, line } = person;
    if (isKnown(person)) {
      if (!isPage) yield `${username}  exists`;
      continue;
    }
    try {
      const account = { username, password: newPassword(), role, display_name: displayName || undefined };
      await service.ask("POST", "/api/users", account);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new RefusedError(
        `line ${line}: ${username} could not be made: ${why}. The lines before it are done`,
      );
    }
    const made = await service.ask<{ link: string }>(
      "POST",
      `/api/users/${encodeURIComponent(username)}/sign_in_link`,
      {},
    );
    const link = `${url}/account/link/${made.link}`;
    links.push({ name: displayName || username, link });
    if (!isPage) yield `${username}  ${link}`;
  }
  for (const [room, members] of roomsOf(people)) {
    const path = `/api/rooms/${encodeURIComponent(room)}`;
    const { members: before = [] } = await service.ask<{ members?: string[] }>("GET", path);
    await service.ask("PATCH", path, { members: [...new Set([...before, ...members])] });
  }
  if (isPage) yield pageOf(links);
}

/** The members that each room gets. */
function roomsOf(people: readonly ListedPerson[]): Map<string, string[]> {
  const rooms = new Map<string, string[]>();
  for (const { username, rooms: own } of people) {
    for (const room of own) rooms.set(room, [...rooms.get(room) ?? [], username]);
  }
  return rooms;
}

/** A page to print and cut apart. */
function pageOf(links: readonly { name: string; link: string }[]): string {
  const cards = links.map(({ name, link }) =>
    `<section><h2>${escaped(name)}</h2>${renderSVG(link)}<p>${escaped(link)}</p></section>`
  );
  return `<!DOCTYPE html><meta charset="utf-8"><title>Talksheet</title><style>body{font-family:sans-serif;display:grid;` +
    `grid-template-columns:1fr 1fr}section{border:1px dashed;padding:1em;break-inside:avoid}svg{width:10em}` +
    `p{font-size:.6em;overflow-wrap:anywhere}</style>${cards.join("")}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
