/**
 * Links with a secret, which lead on to a page with a button. The secret moves from the address into a cookie, so that it
 * stands in no history, no `Referer` and no picture of a screen; and only pressing the button uses it up: programs look at
 * links in messages, too.
 */
import { type Context, Hono } from "hono";
import { type Bindings, cookieIn } from "../../authentication.ts";
import { keepCookie } from "../../cookies.ts";

/** What handlers of such a page are given. */
export type SecretLinkContext = Context<{ Bindings: Bindings }>;

/** What a {@link secretLink} goes by. */
export interface SecretLinkOptions {
  /** The path of the page, below which the links are: `/join/`. */
  readonly path: string;
  /** The name of the cookie. */
  readonly cookie: string;
  readonly trustProxy: number;
  /** Throws where a page of another origin sends the form. */
  readonly requireAllowedOrigin: (c: Context) => void;
  /** Shows what the secret is for; `""` without one. */
  readonly show: (c: SecretLinkContext, secret: string) => Promise<Response>;
  /** Uses the secret. */
  readonly redeem: (c: SecretLinkContext, secret: string) => Promise<Response>;
}

/** For this time somebody may take to press the button. */
const COOKIE_MS = 15 * 60 * 1000;

/** The routes of the links and of their page. */
export function secretLink(options: SecretLinkOptions): Hono<{ Bindings: Bindings }> {
  const { path, cookie, trustProxy, show, redeem } = options;
  const secretIn = (c: SecretLinkContext): string => cookieIn(c, cookie, trustProxy) ?? "";
  const app = new Hono<{ Bindings: Bindings }>();

  app.get(`${path}:secret`, (c) => {
    keepCookie(c, cookie, c.req.param("secret") ?? "", { trustProxy, lifeMs: COOKIE_MS });
    c.header("referrer-policy", "no-referrer");
    c.header("cache-control", "no-store");
    return c.redirect(path);
  });

  app.get(path, (c) => show(c, secretIn(c)));

  app.post(path, async (c) => {
    options.requireAllowedOrigin(c);
    return await redeem(c, secretIn(c));
  });

  return app;
}
