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
