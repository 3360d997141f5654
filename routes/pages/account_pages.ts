/** The pages of people's accounts: sign in, sign up, one's own account. What they do, they do by the API. */
import { type Context, Hono } from "hono";
import type { Account } from "../../rooms/access/accounts.ts";
import type { PageView } from "./page_view.ts";

export function accountPages(options: {
  view: PageView;
  signup: "open" | "closed";
  accountOf: (c: Context) => Promise<Account | undefined>;
}): Hono {
  const { view, signup, accountOf } = options;
  const app = new Hono();

  app.get("/account/", async (c) => {
    const account = await accountOf(c);
    if (!account) return c.redirect(`/account/sign-in/?to=${encodeURIComponent("/account/")}`);
    return view.show(c, "account.html", { username: account.username });
  });

  app.get("/account/sign-in/", async (c) => {
    const to = pathIn(c.req.query("to"));
    if (await accountOf(c)) return c.redirect(to);
    return view.show(c, "sign_in.html", { to, to_query: encodeURIComponent(to), signup });
  });

  app.get("/account/sign-up/", async (c) => {
    const to = pathIn(c.req.query("to"));
    if (await accountOf(c)) return c.redirect(to);
    if (signup === "closed") return c.redirect(`/account/sign-in/?to=${encodeURIComponent(to)}`);
    return view.show(c, "sign_up.html", { to, to_query: encodeURIComponent(to) });
  });

  return app;
}

/** A path of this service: a link to the sign-in page must not lead anywhere else afterwards. */
export function pathIn(to: string | undefined): string {
  const base = "http://here.invalid";
  if (!to?.startsWith("/") || !URL.canParse(to, base)) return "/chat/";
  const url = new URL(to, base);
  // A path with two slashes in front would be another host's when it is read again.
  return url.origin === base && !url.pathname.startsWith("//") ? url.pathname + url.search : "/chat/";
}
