/** What commands that call the running service share. */
import { bareValue } from "../config_values.ts";
import { ownOrigin } from "../server/own_address.ts";

/** What a command works with, so that tests can run it without a process. */
export interface Surroundings {
  /** The origin of the running service. */
  readonly url: string;
  readonly serviceToken: string | undefined;
  /** Writes a line of the result. */
  readonly print: (line: string) => void;
  /** Writes an error. */
  readonly complain: (line: string) => void;
}

/** The running service. Methods throw when it refuses, or can't be reached. */
export interface Running {
  /** Sends a request, and returns the JSON of the answer. */
  ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Streams the text at a path. */
  read(path: string): AsyncIterable<string>;
}

/** Carries a command out, once its arguments are parsed; yields the lines of the result. */
export type Act = (service: Running) => AsyncIterable<string>;

/** Resolves to the exit status: 0 done, 1 refused or not reachable, 2 wrong arguments. */
export type Command = (args: readonly string[], around: Surroundings) => Promise<number>;

/** The answer isn't the one that was hoped for; the message says why, and the command ends with 1. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/** Makes a command. `understand` parses its arguments; it returns `undefined`, or throws the reason, when they are wrong. */
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

/** The surroundings of this process, with the service's environment variables. */
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
