/** Parameters in paths. */
import { ROOM_NAME } from "../rooms/room.ts";
import { HttpError } from "./errors.ts";

/** The room's name that a pattern finds in a path, in NFC; `undefined` where there is none that can be one. */
export function roomInPath(path: string, pattern: RegExp): string | undefined {
  const [, text] = pattern.exec(path) ?? [];
  try {
    const name = text && decodeURIComponent(text).normalize("NFC");
    return name && ROOM_NAME.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A room's name in a path, in NFC.
 *
 * @throws {HttpError} 400 when it can't be one.
 */
export function roomNameIn(text: string | undefined): string {
  const name = (text ?? "").normalize("NFC");
  if (ROOM_NAME.test(name)) return name;
  throw new HttpError(400, "invalid_room", "A room's name has 1 to 64 letters, digits, _ or -");
}
