/** Spans of Deno's own OpenTelemetry (`OTEL_DENO=true`, https://docs.deno.com/runtime/fundamentals/open_telemetry/). */
import type { Trace } from "../rooms/trace.ts";

/** Traces steps as spans that Deno exports: `talksheet.receive`, `.commit`, `.fan_out` and `.append`. */
export async function openTrace(): Promise<Trace> {
  // Loaded only when tracing is on.
  const { SpanStatusCode, trace } = await import("@opentelemetry/api");
  const tracer = trace.getTracer("talksheet");
  return (step, attributes, work) =>
    tracer.startActiveSpan(`talksheet.${step}`, { attributes: { ...attributes } }, (span) => {
      const failed = (): void => {
        span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      };
      try {
        const result = work();
        if (result instanceof Promise) result.then(() => span.end(), failed);
        else span.end();
        return result;
      } catch (error) {
        failed();
        throw error;
      }
    });
}
