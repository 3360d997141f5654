/** `/api/people/:name/messages`: exporting and deleting all messages of one person; for the service and admins. */
import { Hono } from "hono";
import type { Deletion } from "../../rooms/messages/deletion.ts";
import { admitted, type ApiEnv } from "./gate.ts";
import { HttpError } from "../errors.ts";

/** The API of one person's messages. */
export function peopleApi({ deletion }: { deletion: Deletion }): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.use(async (c, next) => {
    const { user: { isGuest, role } } = admitted(c.var.caller);
    if (isGuest) throw new HttpError(401, "not_signed_in", "This is for the service and for admins");
    if (role === "user") throw new HttpError(403, "not_allowed", "This is for the service and for admins");
    await next();
  });

  app.get("/:name/messages", async (c) => {
    let lines = "";
    for await (const message of deletion.messagesOf(c.req.param("name"))) {
      lines += `${JSON.stringify(message)}\n`;
    }
    return c.body(lines, 200, { "content-type": "application/x-ndjson; charset=utf-8" });
  });

  app.delete("/:name/messages", async (c) => c.json({ erased: await deletion.erase(c.req.param("name")) }));

  return app;
}
