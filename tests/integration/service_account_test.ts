import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseServiceAccountKey, readServiceAccountKey } from "../../sheets/google/service_account.ts";
import { TokenEndpoint } from "../fakes/google_token.ts";

const keyFile = () => new TokenEndpoint(Date.now).keyFile("https://oauth2.googleapis.com/token");

Deno.test("readServiceAccountKey() reads JSON before a file, and a file without JSON", async () => {
  const path = await Deno.makeTempFile();
  try {
    const file = await keyFile();
    await Deno.writeTextFile(path, JSON.stringify(file));
    const key = await readServiceAccountKey({ path });
    assertEquals(key.clientEmail, file.client_email);
    assertEquals(key.privateKey, file.private_key);
    assertEquals(await readServiceAccountKey({ json: JSON.stringify(file), path: "/nowhere" }), key);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("readServiceAccountKey() reads a file as Windows' editors write it", async () => {
  const json = JSON.stringify(await keyFile(), null, 2).replaceAll("\n", "\r\n");
  const marked = `\ufeff${json}`;
  const utf16 = new Uint8Array(Uint16Array.from(marked, (unit) => unit.charCodeAt(0)).buffer);
  const path = await Deno.makeTempFile();
  try {
    for (const bytes of [new TextEncoder().encode(marked), utf16]) {
      await Deno.writeFile(path, bytes);
      assertEquals(await readServiceAccountKey({ path }), parseServiceAccountKey(json, "The key"));
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("readServiceAccountKey() names a file that isn't there", async () => {
  await assertRejects(
    () => readServiceAccountKey({ path: "/nowhere/creds.json" }),
    TypeError,
    "/nowhere/creds.json isn't there",
  );
});

Deno.test("parseServiceAccountKey() mends line ends that an environment variable escaped twice", async () => {
  const file = await keyFile();
  const escaped = { ...file, private_key: file.private_key.replaceAll("\n", "\\n") };
  assertEquals(parseServiceAccountKey(JSON.stringify(escaped), "It").privateKey, file.private_key);
});

Deno.test("parseServiceAccountKey() uses Google's token endpoint when the key names none", async () => {
  const { token_uri: _, ...file } = await keyFile();
  assertEquals(
    parseServiceAccountKey(JSON.stringify(file), "It").tokenUri,
    "https://oauth2.googleapis.com/token",
  );
});

const secret = "MIIEvgIBADANBgkqh";
const wrong: Record<string, [change: Record<string, unknown> | string, words: string]> = {
  "isn't JSON": [`{"private_key": "${secret}`, "It isn't JSON."],
  "is a list": [`["${secret}"]`, "It isn't a service account's key"],
  "is an OAuth client": [`{"installed": {"client_secret": "${secret}"}}`, "It is an OAuth client"],
  "is a person's login": [{ type: "authorized_user" }, '"type" isn\'t "service_account"'],
  "lacks the address": [{ client_email: undefined }, '"client_email" is missing'],
  "lacks the private key": [{ private_key: undefined }, '"private_key" is missing'],
  "holds half a private key": [
    { private_key: `-----BEGIN PRIVATE KEY-----\n${secret}` },
    '"private_key" isn\'t an RSA key',
  ],
  "has a broken token endpoint": [{ token_uri: "nowhere" }, '"token_uri" isn\'t a URL'],
  "lacks two things": [
    { client_email: "", private_key: 1 },
    `"client_email" isn't an address, "private_key" isn't text`,
  ],
};
for (const [what, [change, words]] of Object.entries(wrong)) {
  Deno.test(`parseServiceAccountKey() says what is wrong with a key that ${what}, without quoting it`, async () => {
    const text = typeof change === "string" ? change : JSON.stringify({ ...await keyFile(), ...change });
    const error = assertThrows(() => parseServiceAccountKey(text, "It"), TypeError, words) as TypeError;
    assert(!Deno.inspect(error).includes(secret));
  });
}
