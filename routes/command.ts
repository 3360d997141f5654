/** What commands that talk to the running service have in common. */

export interface Surroundings {
  /** The running service, as an origin. */
  readonly url: string;
  readonly serviceToken: string | undefined;
  readonly print: (line: string) => void;
}

export const NO_TOKEN = "SERVICE_TOKEN is not set; wanted: the token that the service was started with";

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

/** What the service answers: the lists and texts that the commands print. */
export type Reply = Readonly<Record<string, Readonly<Record<string, string>>[]>>;

/** Asks the running service and prints what `tell` makes of its answer; resolves to the command's exit status. */
export async function ask(
  { url, serviceToken, print }: Surroundings,
  method: string,
  path: string,
  tell: (reply: Reply) => string[],
  body?: unknown,
): Promise<number> {
  try {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${serviceToken}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const reply = await response.json();
    for (const line of response.ok ? tell(reply) : [reply.error]) print(line);
    return response.ok ? 0 : 1;
  } catch (error) {
    print(`No answer from ${url} (${error instanceof Error ? error.message : error})`);
    return 1;
  }
}
