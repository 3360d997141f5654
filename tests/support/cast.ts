/** The people of the tests, and the service's token as one of them. */
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
