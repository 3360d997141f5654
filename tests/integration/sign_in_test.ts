import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { GoogleAccount } from "../../sheets/google/google_account.ts";
import { GoogleSheet } from "../../sheets/google/google_sheet.ts";
import { readSignIn, type SignIn, type SignInChoice } from "../../sheets/google/sign_in.ts";
import { SheetError } from "../../sheets/sheet.ts";
import { GoogleSheets } from "../fakes/google_sheets.ts";
import { temporaryDirectory } from "../support/service.ts";
import { idOf, never, row } from "../support/sheet_rows.ts";

const NOTHING: SignInChoice = {
  googleAuth: undefined,
  googleCredsJson: undefined,
  googleCredsPath: "/nowhere/creds.json",
  googleSubject: undefined,
  googleApplicationCredentials: undefined,
};

/** Writes two rows by this way of signing in, with all tokens revoked between them. */
async function write(google: GoogleSheets, signIn: SignIn): Promise<void> {
  await using account = new GoogleAccount({ signIn, apiRoot: google.url, timeoutMs: 5_000 });
  const sheet = new GoogleSheet({ spreadsheetId: google.spreadsheetId, tab: "ChatLogs", account });
  await sheet.open(never);
  await sheet.append([row(1)], never);
  google.token.revokeTokens();
  await sheet.append([row(2)], never);
  assertEquals(google.rows("ChatLogs").slice(1).map((row) => row[4]), [idOf(1), idOf(2)]);
}

Deno.test("GoogleAccount signs in by workload identity federation, with a file and no key", async () => {
  await using google = await GoogleSheets.start();
  await using directory = await temporaryDirectory();
  const [path, token] = ["federation.json", "token"].map((name) => `${directory.path}/${name}`);
  await Deno.writeTextFile(token, google.token.workloadToken);
  const file = {
    type: "external_account",
    audience:
      "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: `${google.url}/token`,
    credential_source: { file: token },
  };
  await Deno.writeTextFile(path, JSON.stringify(file));
  await write(google, await readSignIn({ ...NOTHING, googleApplicationCredentials: path }));
  const url =
    "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/x@y.iam.gserviceaccount.com:generateAccessToken";
  await Deno.writeTextFile(path, JSON.stringify({ ...file, service_account_impersonation_url: url }));
  const { email } = await readSignIn({ ...NOTHING, googleAuth: "adc", googleApplicationCredentials: path });
  assertEquals(email, "x@y.iam.gserviceaccount.com");
});

Deno.test("GoogleAccount signs in by the metadata server of Google's machines, and says where there is none", async () => {
  await using google = await GoogleSheets.start();
  const signIn = await readSignIn({ ...NOTHING, googleAuth: "adc" });
  assertEquals(signIn.kind, "metadata");
  const here = { kind: "metadata", email: signIn.email, origin: google.url } as const;
  await write(google, here);
  const error = await assertRejects(
    () => write(google, { ...here, origin: "http://127.0.0.1:9" }),
    SheetError,
  );
  assertStringIncludes(error.message, "There is no metadata server here");
  assertEquals(error.kind, "setup");
});

Deno.test("GoogleAccount acts for the person in GOOGLE_SUBJECT, once the domain allows it", async () => {
  await using google = await GoogleSheets.start();
  const json = JSON.stringify(google.key);
  const signIn = await readSignIn({ ...NOTHING, googleCredsJson: json, googleSubject: "ada@school.example" });
  assertEquals(signIn.email, "ada@school.example");
  const error = await assertRejects(() => write(google, signIn), SheetError);
  assertStringIncludes(error.message, "domain-wide delegation");
  google.token.delegated.add("ada@school.example");
  await write(google, signIn);
});

Deno.test("readSignIn() says in one sentence what is wrong with the variables or the file", async () => {
  await using directory = await temporaryDirectory();
  const path = `${directory.path}/file.json`;
  const failing = async (choice: Partial<SignInChoice>): Promise<string> =>
    (await assertRejects(() => readSignIn({ ...NOTHING, ...choice }), TypeError)).message;
  assertStringIncludes(await failing({}), "The key file /nowhere/creds.json isn't there");
  assertStringIncludes(
    await failing({ googleAuth: "key", googleApplicationCredentials: path }),
    "isn't there",
  );
  assertStringIncludes(
    await failing({ googleAuth: "adc", googleSubject: "ada@school.example" }),
    "GOOGLE_SUBJECT needs",
  );
  assertStringIncludes(await failing({ googleApplicationCredentials: path }), "isn't there");
  await Deno.writeTextFile(path, "{");
  assertStringIncludes(await failing({ googleApplicationCredentials: path }), "isn't JSON");
  await Deno.writeTextFile(path, '{"type":"authorized_user"}');
  assertStringIncludes(
    await failing({ googleApplicationCredentials: path }),
    "neither a file of workload identity",
  );
});
