import { assertEquals } from "@std/assert";
import type { Context } from "hono";
import { type AuthenticationOptions, createAuthentication } from "../../routes/authentication.ts";
import { codeOf } from "../../routes/errors.ts";
import type { LogFields } from "../../routes/logger.ts";

Deno.test("A refused origin is logged once, with the host that it isn't of, and no more than so many", () => {
  const lines: LogFields[] = [];
  const log = { warn: (event: string, fields: LogFields = {}) => void lines.push({ event, ...fields }) };
  const authentication = createAuthentication(
    { allowedOrigins: [], log } as unknown as AuthenticationOptions,
  );
  const isAllowed = (origin: string, host: string): boolean => {
    const request = new Request("http://x/", { headers: { origin, host } });
    const header = (name: string): string | undefined => request.headers.get(name) ?? undefined;
    try {
      authentication.requireAllowedOrigin({ req: { header } } as unknown as Context);
      return true;
    } catch (error) {
      assertEquals(codeOf(error as Error), "origin_not_allowed");
      return false;
    }
  };
  assertEquals(isAllowed("http://chat.example:8443", "chat.example:8443"), true);
  for (let i = 0; i < 3; i++) assertEquals(isAllowed("http://chat.example:8443", "chat.example"), false);
  assertEquals(lines.map(({ event, origin, host }) => [event, origin, host]), [
    ["origin_refused", "http://chat.example:8443", "chat.example"],
  ]);
  for (let i = 0; i < 1_000; i++) isAllowed(`http://${i}.example`, "chat.example");
  assertEquals(lines.length, 100);
});
