/** `/reports/`: one's reports, and the form to ask for one. What it does, it does by the API. */
import { type Context, Hono } from "hono";
import type { Account } from "../../rooms/access/accounts.ts";
import { ROOM_NAME } from "../../rooms/room.ts";
import { hereIn } from "./base_path.ts";
import type { PageView } from "./page_view.ts";

/** `?room=` fills the form. */
export function reportPages(options: {
  view: PageView;
  accountOf: (c: Context) => Promise<Account | undefined>;
}): Hono {
  const { view, accountOf } = options;
  return new Hono().get("/reports/", async (c) => {
    if (!await accountOf(c)) {
      return c.redirect(`/account/sign-in/?to=${encodeURIComponent(hereIn(c))}`);
    }
    const room = (c.req.query("room") ?? "").normalize("NFC");
    return view.show(c, "reports.html", { room: ROOM_NAME.test(room) ? room : "" });
  });
}
