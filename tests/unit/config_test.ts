import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ConfigError, examine, readConfig, VARIABLE_NAMES } from "../../routes/config.ts";

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
    PAGE_LANGUAGE: "fr",
    ALLOWED_ORIGINS: "https://ok.example, ftp:/x",
    SERVICE_TOKEN: "short-secret",
    GOOGLE_SHEET_ID: "https://docs.google.com/x",
  };
  const { message } = assertThrows(() => readConfig(env), ConfigError);
  assertEquals(message.split("\n").length, 6);
  assertStringIncludes(message, 'PORT is "80a"; wanted: a whole number from 0 to 65535');
  assertStringIncludes(message, 'TIME_ZONE is "Taipei"; wanted: an IANA time zone such as Asia/Taipei');
  assertStringIncludes(message, 'PAGE_LANGUAGE is "fr"; wanted: zh-Hant or en');
  assertStringIncludes(message, "SERVICE_TOKEN is not usable; wanted: at least 16 characters");
  assert(!message.includes("short-secret"));
});

Deno.test("readConfig() wants an admin's name and password together, and quotes no password", () => {
  const { message } = assertThrows(() => readConfig({ ADMIN_USERNAME: "root" }), ConfigError);
  assertStringIncludes(message, "ADMIN_USERNAME is set without ADMIN_PASSWORD; wanted: both, or neither");
  const wrong = { ADMIN_USERNAME: "Anonymous", ADMIN_PASSWORD: "secret", AUTH: "no", SIGNUP: "yes" };
  const { message: all } = assertThrows(() => readConfig(wrong), ConfigError);
  assertStringIncludes(all, 'ADMIN_USERNAME is "Anonymous"; wanted: a name that an account can have');
  assertStringIncludes(all, "ADMIN_PASSWORD is not usable; wanted: at least 10 characters");
  assertStringIncludes(all, 'AUTH is "no"; wanted: guests or required');
  assert(!all.includes("secret"));
});

Deno.test("readConfig() wants all of an S3 bucket's variables or none, and quotes no secret", () => {
  const bucket = { S3_ENDPOINT: "https://s3.example.com", S3_BUCKET: "files", S3_ACCESS_KEY_ID: "id" };
  const error = assertThrows(() => readConfig(bucket), ConfigError);
  assertEquals(
    error.message,
    "S3_ENDPOINT is set without S3_SECRET_ACCESS_KEY; wanted: all of S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID, " +
      "S3_SECRET_ACCESS_KEY, or none",
  );
  assertEquals(readConfig({ ...bucket, S3_SECRET_ACCESS_KEY: "secret" }).s3, {
    endpoint: "https://s3.example.com",
    bucket: "files",
    region: "us-east-1",
    accessKeyId: "id",
    secretAccessKey: "secret",
  });
  assertEquals(readConfig({}).s3, undefined);
});

Deno.test("readConfig() takes values as Windows' editors, files of variables and shells leave them", () => {
  const config = readConfig({
    HOST: "\ufeff[::1]",
    PORT: "8001\r",
    KV_PATH: " 'data/x y.db' ",
    SERVICE_TOKEN: '"a-token-for-tests-only"',
    GOOGLE_CREDS_JSON: '\ufeff{"type": "x"}\r\n',
    AUTH: "Required",
    LOG_LEVEL: "WARN",
  });
  assertEquals([config.host, config.port, config.kvPath], ["::1", 8001, "data/x y.db"]);
  assertEquals([config.serviceToken, config.googleCredsJson], ["a-token-for-tests-only", '{"type": "x"}']);
  assertEquals([config.auth, config.logLevel], ["required", "warn"]);
});

Deno.test("readConfig() takes PAGE_LANGUAGE before LANGUAGE, and leaves a desktop's LANGUAGE alone", () => {
  const languages = [
    [{}, "zh-Hant", []],
    [{ LANGUAGE: "en" }, "en", []],
    [{ LANGUAGE: "en_US:en" }, "zh-Hant", ["LANGUAGE"]],
    [{ LANGUAGE: "zh_TW:zh", PAGE_LANGUAGE: "en" }, "en", []],
    [{ LANGUAGE: "en", PAGE_LANGUAGE: "zh-Hant" }, "zh-Hant", []],
  ] as const;
  for (const [env, language, warned] of languages) {
    const { config, complaints, warnings } = examine(env);
    assertEquals([config.language, complaints.size, [...warnings.keys()]], [language, 0, [...warned]]);
  }
});

Deno.test("readConfig() takes whole names of time zones, which are one each", () => {
  const complaintsOf = (zone: string): number => examine({ TIME_ZONE: zone }).complaints.size;
  assertEquals(["Asia/Taipei", "UTC", "America/Argentina/Ushuaia"].map(complaintsOf), [0, 0, 0]);
  assertEquals(["CST", "EST", "Taipei", "GMT+8", "Asia/Nowhere"].map(complaintsOf), [1, 1, 1, 1, 1]);
});

/** What Google's client, Yjs and Deno read: without permission for these they fail. */
const OTHERS_READ = [
  "DENO_KV_ACCESS_TOKEN",
  "GOOGLE_CLOUD_UNIVERSE_DOMAIN",
  "GOOGLE_SDK_NODE_LOGGING",
  "HTTP2_DEBUG",
  "ECE_KEYLOG",
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
