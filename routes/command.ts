/** What commands that talk to the running service have in common. */

export interface Surroundings {
  /** The running service, as an origin. */
  readonly url: string;
  readonly serviceToken: string | undefined;
  readonly print: (line: string) => void;
}

/** Asks the running service for a path; throws when it refuses, and when there is none. */
export type Ask = (method: string, path: string, body?: unknown) => Promise<Response>;

/** What is done once the words of a command are understood; yields what it says, line by line. */
export type Act = (ask: Ask) => AsyncIterable<string>;

/** Resolves to the exit status: 0 done, 1 refused or not reachable, 2 wrong words. */
export type Command = (args: readonly string[], around: Surroundings) => Promise<number>;

/** The service's own words. */
class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/** A command from what its words mean: `understand` answers nothing, or throws, for those that mean nothing. */
export function command(usage: string, understand: (args: readonly string[]) => Act | undefined): Command {
  return async (args, { url, serviceToken, print }) => {
    const act = understood(understand, args);
    if (!act || !serviceToken) {
      print(act ? "SERVICE_TOKEN is not set; wanted: the token that the service was started with" : usage);
      return 2;
    }
    try {
      for await (const line of act((...request) => ask(url, serviceToken, ...request))) print(line);
      return 0;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      print(error instanceof RefusedError ? why : `No answer from ${url} (${why})`);
      return 1;
    }
  };
}

/** The surroundings of a command that was started here, with the environment of the service. */
export function surroundings(): Surroundings {
  const host = Deno.env.get("HOST") || "0.0.0.0";
  return {
    url: `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${Deno.env.get("PORT") || 8000}`,
    serviceToken: Deno.env.get("SERVICE_TOKEN"),
    // deno-lint-ignore no-console -- a command speaks on stdout
    print: (line) => console.log(line),
  };
}

function understood(
  understand: (args: readonly string[]) => Act | undefined,
  args: readonly string[],
): Act | undefined {
  try {
    return understand(args);
  } catch {
    // An option that isn't known.
  }
}

async function ask(
  url: string,
  serviceToken: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${serviceToken}`, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (response.ok) return response;
  throw new RefusedError((await response.json()).error);
}
