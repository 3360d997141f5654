import type { HttpOutcome } from "./google_http.ts";

/** What a request asks Google for; faults are scripted and requests are logged by it. */
export type Operation = "token" | "get" | "read" | "append" | "change";

/** How one request goes wrong. */
export interface Fault {
  /**
   * Whether Google does what was asked: before things go wrong, never, or only when {@link FaultScript.finishLate}
   * is called, long after the client gave up.
   */
  readonly work: "done" | "undone" | "late";
  /** What the client sees; with `answer` and `half`, `status` takes the place of Google's own answer. */
  readonly outcome: HttpOutcome["outcome"];
  readonly status?: number;
  readonly headers?: HeadersInit;
  readonly body?: string;
  /** Told when the request is here. */
  readonly onRequest?: () => void;
}

/** The faults that the next requests meet. */
export class FaultScript {
  readonly #faults: { operation: Operation; fault: Fault; times: number }[] = [];
  #late: (() => unknown)[] = [];

  /** Makes the next `times` requests for `operation` go wrong, after those scripted before. */
  next(operation: Operation, fault: Fault, times = 1): void {
    this.#faults.push({ operation, fault, times });
  }

  /** Ends all faults. */
  clear(): void {
    this.#faults.length = 0;
  }

  /** Does now what requests with `work: "late"` asked for. */
  async finishLate(): Promise<void> {
    const late = this.#late;
    this.#late = [];
    for (const work of late) await work();
  }

  /** Runs `work` for a request, as the script has it. */
  async play(
    operation: Operation,
    work: () => Promise<{ status: number; body: string }>,
  ): Promise<HttpOutcome> {
    const fault = this.#take(operation);
    if (!fault) return { outcome: "answer", headers: JSON_TYPE, ...await work() };
    fault.onRequest?.();
    const own = fault.work === "done" ? await work() : { status: 200, body: "{}" };
    if (fault.work === "late") this.#late.push(work);
    const { outcome, headers = JSON_TYPE, status = own.status } = fault;
    if (outcome === "drop" || outcome === "hang") return { outcome };
    const body = fault.body ?? (fault.status ? errorBody(fault.status) : own.body);
    return { outcome, headers, status, body };
  }

  #take(operation: Operation): Fault | undefined {
    const index = this.#faults.findIndex((entry) => entry.operation === operation);
    if (index < 0) return undefined;
    const entry = this.#faults[index];
    if (--entry.times <= 0) this.#faults.splice(index, 1);
    return entry.fault;
  }
}

const JSON_TYPE = { "content-type": "application/json; charset=UTF-8" };

function errorBody(status: number): string {
  const names: Record<number, string> = { 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE" };
  return JSON.stringify({
    error: { code: status, message: "Scripted.", status: names[status] ?? "UNKNOWN" },
  });
}
