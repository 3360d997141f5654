/** `/admin/`: the dashboard's page, for admins. What it shows and does, it asks the API for. */
import { type Context, Hono } from "hono";
import type { Account } from "../../rooms/access/accounts.ts";
import type { PageView } from "./page_view.ts";

export function adminPages(options: {
  view: PageView;
  accountOf: (c: Context) => Promise<Account | undefined>;
}): Hono {
  const { view, accountOf } = options;
  return new Hono().get("/admin/", async (c) => {
    const account = await accountOf(c);
    if (!account) return c.redirect(`/account/sign-in/?to=${encodeURIComponent("/admin/")}`);
    return account.role === "admin" ? view.show(c, "admin.html") : view.tell(c, 403, "forbidden");
  });
}
