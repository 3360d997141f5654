/** The way in by the code of an invitation, and what slows down guessing one. */
import type { Context } from "hono";
import type { Invitations, Opening } from "../rooms/access/invitations/invitations.ts";
import type { User } from "../rooms/user.ts";
import type { Authentication, Bindings } from "./authentication.ts";
import { HttpError } from "./errors.ts";
import { RateLimits } from "./rate_limits.ts";

/** Wrong codes of one address: a class that mistypes shares one, and the arithmetic in `routes/README.md` takes no harm. */
const WRONG_CODES_PER_MINUTE = 30;

type AppContext = Context<{ Bindings: Bindings }>;

/** Opens rooms to those who have a code. */
export interface Entrance {
  /**
   * What a code opens; `undefined` when there is no such code.
   *
   * @throws {HttpError} 429 when too many wrong ones came from the address.
   */
  find(c: AppContext, code: string): Promise<Opening | undefined>;
  /** The same, and lets the user in. */
  redeem(c: AppContext, code: string, user: User): Promise<Opening | undefined>;
  /** Lets the sender of a request in by `?invite=`, and answers the invitation's id; `undefined`: it opens nothing. */
  byCode(c: AppContext, room: string): Promise<string | undefined>;
}

/** Makes it on invitations in KV. */
export function createEntrance(
  { authentication, invitations }: { authentication: Authentication; invitations: Invitations },
): Entrance {
  const wrong = new RateLimits(WRONG_CODES_PER_MINUTE);

  async function slowed(
    c: AppContext,
    find: () => Promise<Opening | undefined>,
  ): Promise<Opening | undefined> {
    const limiter = wrong.of(authentication.address(c));
    const waitMs = limiter.getWaitTime(1);
    if (waitMs > 0) {
      throw new HttpError(429, "rate_limited", "Too many wrong invitations; wait a moment", waitMs);
    }
    const opening = await find();
    if (!opening) limiter.tryRemoveTokens(1);
    return opening;
  }

  const redeem: Entrance["redeem"] = (c, code, user) => slowed(c, () => invitations.redeem(code, user));
  return {
    find: (c, code) => slowed(c, () => invitations.find(code)),
    redeem,
    async byCode(c, room) {
      const code = c.req.query("invite");
      if (code === undefined) return undefined;
      const opening = await slowed(c, () => invitations.find(code));
      if (opening?.room !== room) return undefined;
      const invitation = opening.invitation.id;
      // Where guests need an invitation, this one makes the sender a guest.
      const caller = await authentication.caller(c, { room, invitation });
      if (typeof caller !== "object") return undefined;
      const redeemed = await redeem(c, code, caller.user);
      return redeemed && !redeemed.refusal ? invitation : undefined;
    },
  };
}
