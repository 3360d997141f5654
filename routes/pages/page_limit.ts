/** How fast pages are shown to one address. */
import type { Context } from "hono";
import type { Authentication, Bindings } from "../authentication.ts";
import { RateLimits } from "../rate_limits.ts";

/** Pages for each message that is allowed: at the default 3,000 a minute, which a school that comes at once stays below. */
const PAGES_PER_MESSAGE = 30;

/** How long a caller has to wait for the next page, in milliseconds. `rateMessagesPerMinute`: 0 = off. */
export function pageLimit(
  authentication: Pick<Authentication, "address">,
  { rateMessagesPerMinute: perMinute }: { rateMessagesPerMinute: number },
): (c: Context<{ Bindings: Bindings }>) => number {
  const limits = perMinute ? new RateLimits(perMinute * PAGES_PER_MESSAGE) : undefined;
  return (c) => {
    const limiter = limits?.of(authentication.address(c));
    return !limiter || limiter.tryRemoveTokens(1) ? 0 : limiter.getWaitTime(1);
  };
}
