/** The people of the tests, and the service's token as one of them. */
import { assertEquals } from "@std/assert";
import { TOKEN } from "./service.ts";
import { Visitor } from "./visitor.ts";

/** Everybody's password. */
export const PASSWORD = "correct horse battery";

/** A program with the service's token. */
export function backend(origin: string): Visitor {
  return new Visitor(origin, { authorization: `Bearer ${TOKEN}` });
}

/** Makes an account and signs in. */
export async function member(
  origin: string,
  username: string,
  role: "user" | "admin" = "user",
): Promise<Visitor> {
  const { status, body } = await backend(origin).ask("POST", "/api/users", {
    username,
    password: PASSWORD,
    role,
  });
  if (status !== 201) throw new Error(`Making ${username} failed: ${JSON.stringify(body)}`);
  return await Visitor.signedIn(origin, username, PASSWORD);
}

/** Opens the link of an invitation as a browser does, under a nickname. */
export async function join(
  origin: string,
  url: string,
  username: string,
  visitor: Visitor = new Visitor(origin),
): Promise<{ visitor: Visitor; status: number; to: string | null }> {
  const opened = await visitor.ask("GET", new URL(url).pathname);
  assertEquals([opened.status, opened.headers.get("location")], [302, "/join/"]);
  const form = new URLSearchParams({ username });
  const response = await fetch(`${origin}/join/`, {
    method: "POST",
    redirect: "manual",
    headers: { cookie: visitor.cookie, origin },
    body: form,
  });
  for (const line of response.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    visitor.cookies.set(name, value);
  }
  await response.body?.cancel();
  return { visitor, status: response.status, to: response.headers.get("location") };
}
