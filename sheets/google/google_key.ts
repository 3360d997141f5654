/** Finds out why Google refuses the signature of a service account's key. */
import * as v from "valibot";
import { SheetError } from "../sheet.ts";
import type { ServiceAccountKey } from "./service_account.ts";

const GOOGLE = "https://oauth2.googleapis.com";
/** Where Google publishes the keys of service accounts, below it by their addresses. */
const PUBLIC_KEYS = "https://www.googleapis.com";
const Certificates = v.record(v.string(), v.string());

/**
 * A better sentence for a signature that Google refused: it says the same of a key that was deleted and of one that isn't this
 * account's, but it publishes which keys there are. `refusal` itself when that can't be read.
 */
export async function explainRefusedKey(
  refusal: SheetError,
  { clientEmail: email, privateKeyId: id, tokenUri }: ServiceAccountKey,
  signal: AbortSignal,
): Promise<SheetError> {
  const { origin } = new URL(tokenUri);
  const keys = `${origin === GOOGLE ? PUBLIC_KEYS : origin}/service_accounts/v1/metadata/x509/`;
  const answer = await fetch(keys + encodeURIComponent(email), { signal }).then(
    (response) => response.json(),
    () => undefined,
  ).catch(() => undefined);
  if (!id || !v.is(Certificates, answer) || !(id in answer)) return refusal;
  return new SheetError(
    "setup",
    `What stands in the key file isn't the key ${id} of ${email}, though Google knows that key: download a new JSON key, ` +
      "and don't change it.",
    { code: "key_wrong", values: { email, key: id } },
  );
}
