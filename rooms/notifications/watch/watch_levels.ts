/**
 * What accounts want to be notified of, by room, and when not.
 *
 * | key | value |
 * | --- | --- |
 * | `["watch", account, room]` | the {@link WatchLevel} of a room, where it isn't the account's own default |
 * | `["watch_settings", account]` | {@link WatchSettings} |
 */
import { deletePrefix } from "../../kv/delete_keys.ts";
import type { QuietHours } from "./quiet_hours.ts";

/** Of which messages of a room an account is notified. */
export type WatchLevel = "all" | "mentions" | "none";

/** What holds for all rooms of an account. */
export interface WatchSettings {
  /** Of rooms that have no level of their own. */
  readonly level: WatchLevel;
  /** When nothing rings and nothing is pushed; missing: never. */
  readonly quiet?: QuietHours;
  /** Whether pushes may quote what was said in private rooms. */
  readonly previews: boolean;
}

/** The levels of one account. */
export interface AccountLevels {
  readonly settings: WatchSettings;
  /** The level of a room. */
  of(room: string): WatchLevel;
}

const WATCH = "watch";
const SETTINGS = "watch_settings";
/** Of an account that has chosen nothing. */
export const DEFAULT_SETTINGS: WatchSettings = { level: "mentions", previews: false };

/** Reads and changes what accounts watch. */
export class WatchLevels {
  readonly #kv: Deno.Kv;
  readonly #changed: (account: string) => void;

  /** `changed` is called with an account when its levels have changed. */
  constructor(kv: Deno.Kv, changed: (account: string) => void) {
    this.#kv = kv;
    this.#changed = changed;
  }

  /** The level of one room. */
  async of(account: string, room: string): Promise<WatchLevel> {
    return (await this.room(account, room)).level;
  }

  /** What holds for one room: its level, and the rest of the settings. */
  async room(account: string, room: string): Promise<WatchSettings> {
    const keys: [Deno.KvKey, Deno.KvKey] = [[WATCH, account, room], [SETTINGS, account]];
    const [own, stored] = await this.#kv.getMany<[WatchLevel, WatchSettings]>(keys);
    const settings = stored.value ?? DEFAULT_SETTINGS;
    return { ...settings, level: own.value ?? settings.level };
  }

  /** The levels of all rooms. */
  async all(account: string): Promise<AccountLevels> {
    const own = new Map<string, WatchLevel>();
    for await (const { key, value } of this.#kv.list<WatchLevel>({ prefix: [WATCH, account] })) {
      own.set(String(key[2]), value);
    }
    const settings = await this.settings(account);
    return { settings, of: (room) => own.get(room) ?? settings.level };
  }

  /** Sets the level of a room; `undefined`: as the settings say. */
  async set(account: string, room: string, level: WatchLevel | undefined): Promise<void> {
    if (level === undefined) await this.#kv.delete([WATCH, account, room]);
    else await this.#kv.set([WATCH, account, room], level);
    this.#changed(account);
  }

  /** What holds for all rooms. */
  async settings(account: string): Promise<WatchSettings> {
    return (await this.#kv.get<WatchSettings>([SETTINGS, account])).value ?? DEFAULT_SETTINGS;
  }

  /** Changes what holds for all rooms. */
  async change(account: string, settings: WatchSettings): Promise<void> {
    await this.#kv.set([SETTINGS, account], settings);
    this.#changed(account);
  }

  /** Erases what an account watched that was deleted. */
  async erase(account: string): Promise<void> {
    await deletePrefix(this.#kv, [WATCH, account]);
    await this.#kv.delete([SETTINGS, account]);
  }
}
