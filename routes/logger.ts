/** Log lines, each one JSON object. */

const LEVELS = ["debug", "info", "warn", "error"] as const;
/** From the least to the most severe. */
export type LogLevel = typeof LEVELS[number];

/** Fields of a log line: ids and figures, never text of people, keys or tokens. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes a line; `event` is a fixed name for what happened. */
export type Logger = Readonly<Record<LogLevel, (event: string, fields?: LogFields) => void>>;

/** A logger that writes lines of this level and above; `failed` is called for each line of level `error`. */
export function createLogger(
  level: LogLevel,
  write: (line: string) => void,
  failed: () => void = () => {},
): Logger {
  const at = (name: LogLevel): Logger[LogLevel] =>
    LEVELS.indexOf(name) < LEVELS.indexOf(level)
      ? () => {}
      : (event, fields) =>
        write(JSON.stringify({ time: new Date().toISOString(), level: name, event, ...fields }));
  const error = at("error");
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: (event, fields) => {
      failed();
      error(event, fields);
    },
  };
}

/** What the parts of the service write lines by. */
export interface Reporter {
  readonly log: Logger;
  /** Something went wrong through nobody's fault. */
  readonly failed: (what: string, error: unknown, count?: number) => void;
  /** Operators should know of an event, and of what caused it. */
  readonly note: (level: "info" | "warn", event: string, fields?: LogFields, cause?: unknown) => void;
}

/** A reporter of lines of this level and above on stderr; `counted` is called for each line of level `error`. */
export function createReporter(level: LogLevel, counted: () => void): Reporter {
  const log = createLogger(level, writeLine, counted);
  return {
    log,
    failed: (what, error, count) => log.error(what, { count, ...errorFields(error) }),
    note: (level, event, fields, cause) =>
      log[level](event, { ...fields, ...(cause === undefined ? {} : errorFields(cause)) }),
  };
}

/** An error as fields of a log line: name and message, not the cause, which may quote text of people. */
export function errorFields(error: unknown): LogFields {
  return error instanceof Error ? { error: error.name, message: error.message } : { error: String(error) };
}

/** Writes a line to stderr. */
export function writeLine(line: string): void {
  // deno-lint-ignore no-console -- logs go to stderr
  console.error(line);
}
