/** Which name somebody gets in a room where others may have it already. */
import { isVariant } from "./names_in_use.ts";
import type { Presence } from "./presence.ts";
import { ANONYMOUS, isBadged, type User } from "../user.ts";

/** A name that is set aside for somebody until it is released, or for as long as they are here. */
export interface Claim {
  /** Who it is for, under that name. */
  readonly user: User;
  release(): void;
}

/** Somebody here has this name, and its next user can't be told from others who would state the same. */
export class NameHeldError extends Error {
  override readonly name = "NameHeldError";
}

interface NameClaimsParts {
  readonly presence: Presence;
  readonly now: () => number;
  /** Whether an account owns a name. */
  readonly isOwned: (name: string) => Promise<boolean>;
}

/** Gives guests of one room names that tell them apart. */
export class NameClaims {
  readonly #parts: NameClaimsParts;

  constructor(parts: NameClaimsParts) {
    this.#parts = parts;
  }

  /**
   * Sets a name aside for somebody who is about to be known by it: for a guest with a badge the wanted one or, where
   * somebody else has that, one like it. The caller has made sure that no account owns the wanted one. Throws
   * {@link NameHeldError} for a guest without a badge, who would be taken for the guest with one who has the name.
   */
  async claim(user: User): Promise<Claim> {
    const { presence, isOwned } = this.#parts;
    const { id, name: wanted } = user;
    const { names } = presence;
    if (!user.isGuest || wanted === ANONYMOUS) return { user, release: () => {} };
    if (!isBadged(id)) {
      if (names.holders(wanted).some(isBadged)) {
        throw new NameHeldError("Somebody else in this room has this name");
      }
      return this.#setAside(user, wanted);
    }
    const current = presence.attendee(id)?.name;
    if (current !== undefined && isVariant(current, wanted) && names.holders(current)[0] === id) {
      return this.#setAside(user, current);
    }
    const owned = new Set<string>();
    for (;;) {
      const claim = this.#setAside(user, names.freeName(wanted, id, owned));
      if (claim.user.name === wanted || !await isOwned(claim.user.name)) return claim;
      owned.add(claim.user.name);
      claim.release();
    }
  }

  #setAside(user: User, name: string): Claim {
    const { presence, now } = this.#parts;
    presence.names.hold(name, user.id, presence.attendee(user.id)?.since ?? now());
    return {
      user: name === user.name ? user : { ...user, name },
      release: () => presence.names.release(name, user.id),
    };
  }
}
