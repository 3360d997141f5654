import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError, readConfig, VARIABLE_NAMES } from "../../routes/config.ts";

Deno.test("readConfig() has a default for everything, and takes empty variables as unset", () => {
  const config = readConfig({ PORT: "", HOME: "/root" });
  assertEquals([config.port, config.kvPath, config.timeZone], [8000, "data/talksheet.db", "Asia/Taipei"]);
  assertEquals([config.googleSheetId, config.allowedOrigins], [undefined, []]);
  assert(Object.isFrozen(config));
});

Deno.test("readConfig() names everything that is wrong at once, with what is wanted, and quotes no secret", () => {
  const env = {
    PORT: "80a",
    TIME_ZONE: "Taipei",
    LANGUAGE: "fr",
    ALLOWED_ORIGINS: "https://ok.example, ftp:/x",
    SERVICE_TOKEN: "short-secret",
    GOOGLE_SHEET_ID: "https://docs.google.com/x",
  };
  const { message } = assertThrows(() => readConfig(env), ConfigError);
  assertEquals(message.split("\n").length, 6);
  assertStringIncludes(message, 'PORT is "80a"; wanted: a whole number from 0 to 65535');
  assertStringIncludes(message, 'TIME_ZONE is "Taipei"; wanted: an IANA time zone such as Asia/Taipei');
  assertStringIncludes(message, 'LANGUAGE is "fr"; wanted: zh-Hant or en');
  assertStringIncludes(message, "SERVICE_TOKEN is not usable; wanted: at least 16 characters");
  assert(!message.includes("short-secret"));
});

Deno.test("readConfig() wants an admin's name and password together, and quotes no password", () => {
  const { message } = assertThrows(() => readConfig({ ADMIN_USERNAME: "root" }), ConfigError);
  assertStringIncludes(message, "ADMIN_USERNAME and ADMIN_PASSWORD go together");
  const wrong = { ADMIN_USERNAME: "Anonymous", ADMIN_PASSWORD: "secret", AUTH: "no", SIGNUP: "yes" };
  const { message: all } = assertThrows(() => readConfig(wrong), ConfigError);
  assertStringIncludes(all, 'ADMIN_USERNAME is "Anonymous"; wanted: a name that an account can have');
  assertStringIncludes(all, "ADMIN_PASSWORD is not usable; wanted: at least 10 characters");
  assertStringIncludes(all, 'AUTH is "no"; wanted: guests or required');
  assert(!all.includes("secret"));
});

/** What Google's client, Yjs and Deno read: without permission for these they fail. */
const OTHERS_READ = [
  "DENO_KV_ACCESS_TOKEN",
  "GOOGLE_CLOUD_UNIVERSE_DOMAIN",
  "GOOGLE_SDK_NODE_LOGGING",
  "HTTP2_DEBUG",
  "NODE_ENV",
  "PRODUCTION",
  "NO_COLOR",
  "FORCE_COLOR",
  "COLORTERM",
  "TERM",
  "LOG",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
];

Deno.test("deno.json lets the service read the variables that it knows, and those that its libraries need", async () => {
  const { permissions } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  assertEquals(permissions.service.env.toSorted(), [...VARIABLE_NAMES, ...OTHERS_READ].toSorted());
});
