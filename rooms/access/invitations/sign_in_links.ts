/**
 * Links that sign somebody in once, instead of a password on paper.
 *
 * | key | value |
 * | --- | --- |
 * | `["sign_in_link", account's id, SHA-256 of the secret]` | `true`; deleted at its end |
 *
 * A link has the text `<account's id>.<secret>`; the secret has 128 random bits and isn't stored.
 */
import { createHash, randomBytes } from "node:crypto";

const LINK = "sign_in_link";
const TEXT = /^([0-9A-Z]{26})\.([\w-]{22})$/;

/** The life of a link that signs somebody in. */
export const SIGN_IN_LINK_MS = 7 * 24 * 60 * 60 * 1000;

/** Makes and redeems them. */
export class SignInLinks {
  readonly #kv: Deno.Kv;

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** A link for an account, in place of earlier ones; it ends after {@link SIGN_IN_LINK_MS}. */
  async create(account: string): Promise<string> {
    await this.revokeAll(account);
    const secret = randomBytes(16).toString("base64url");
    await this.#kv.set(keyOf(account, secret), true, { expireIn: SIGN_IN_LINK_MS });
    return `${account}.${secret}`;
  }

  /** The id of the account that a link signs in; `undefined` when the link isn't valid. */
  async find(text: string): Promise<string | undefined> {
    const [, account, secret] = TEXT.exec(text) ?? [];
    if (!account) return undefined;
    return (await this.#kv.get(keyOf(account, secret))).value ? account : undefined;
  }

  /** Like {@link find}, and uses the link up: of two calls at the same time one succeeds. */
  async redeem(text: string): Promise<string | undefined> {
    const account = await this.find(text);
    const [, , secret] = TEXT.exec(text) ?? [];
    if (account === undefined) return undefined;
    const entry = await this.#kv.get(keyOf(account, secret));
    if (!entry.value) return undefined;
    const { ok } = await this.#kv.atomic().check(entry).delete(entry.key).commit();
    return ok ? account : undefined;
  }

  /** Ends the links of an account: its password was changed. */
  async revokeAll(account: string): Promise<void> {
    for await (const { key } of this.#kv.list({ prefix: [LINK, account] })) await this.#kv.delete(key);
  }
}

function keyOf(account: string, secret: string): Deno.KvKey {
  return [LINK, account, createHash("sha256").update(secret).digest("base64url")];
}
