/** How many pages one address may open. */
import type { Context } from "hono";
import type { Authentication, Bindings } from "../authentication.ts";
import { RateLimits } from "../rate_limits.ts";

/** Pages for each message that is allowed: 3,000 a minute by default, more than a school behind one address opens at once. */
const PAGES_PER_MESSAGE = 30;

/** Milliseconds until a caller may open the next page; always 0 where `rateMessagesPerMinute` is 0. */
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
