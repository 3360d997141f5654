/** What commands that talk to the running service have in common. */
import { bareValue } from "../config_values.ts";
import { ownOrigin } from "../server/own_address.ts";

export interface Surroundings {
  /** The running service, as an origin. */
  readonly url: string;
  readonly serviceToken: string | undefined;
  /** What was asked for. */
  readonly print: (line: string) => void;
  /** What went wrong. */
  readonly complain: (line: string) => void;
}

/** The running service; what it refuses, and that it isn't there, is thrown. */
export interface Running {
  /** Answers what it says, from JSON. */
  ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
  /** What stands at a path, as text that comes bit by bit. */
  read(path: string): AsyncIterable<string>;
}

/** What is done once the words of a command are understood; yields what it says, line by line. */
export type Act = (service: Running) => AsyncIterable<string>;

/** Resolves to the exit status: 0 done, 1 refused or not reachable, 2 wrong words. */
export type Command = (args: readonly string[], around: Surroundings) => Promise<number>;

/** The service's own words. */
class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/** A command from what its words mean: `understand` answers nothing for those that mean nothing, or throws why. */
export function command(usage: string, understand: (args: readonly string[]) => Act | undefined): Command {
  return async (args, { url, serviceToken, print, complain }) => {
    let act: Act | undefined;
    try {
      act = understand(args);
      if (!act) complain(usage);
    } catch (error) {
      complain(`${usage}\n\n${messageOf(error)}`);
    }
    if (act && !serviceToken) {
      complain("SERVICE_TOKEN is not set; wanted: the token that the service was started with");
    }
    if (!act || !serviceToken) return 2;
    try {
      for await (const line of act(running(url, serviceToken))) print(line);
      return 0;
    } catch (error) {
      const why = messageOf(error);
      complain(error instanceof RefusedError ? why : `No answer from ${url} (${why})`);
      return 1;
    }
  };
}

/** The surroundings of a command that was started here, with the environment of the service. */
export function surroundings(): Surroundings {
  const value = (name: string): string => bareValue(Deno.env.get(name) ?? "");
  return {
    url: ownOrigin(value("HOST").replace(/^\[(.+)\]$/, "$1") || "0.0.0.0", value("PORT") || 8000),
    serviceToken: value("SERVICE_TOKEN") || undefined,
    // deno-lint-ignore no-console -- a command speaks on stdout
    print: (line) => console.log(line),
    // deno-lint-ignore no-console -- and says what went wrong on stderr
    complain: (line) => console.error(line),
  };
}

function running(url: string, serviceToken: string): Running {
  async function request(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${serviceToken}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (response.ok) return response;
    const { error } = await response.json();
    const isToken = response.status === 401 || response.status === 403;
    throw new RefusedError(
      isToken ? `${error} (is SERVICE_TOKEN the one that the service was started with?)` : error,
    );
  }
  return {
    ask: async (method, path, body) => await (await request(method, path, body)).json(),
    async *read(path) {
      const { body } = await request("GET", path);
      yield* body?.pipeThrough(new TextDecoderStream()) ?? [];
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
