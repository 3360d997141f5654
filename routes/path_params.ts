/** Parameters in paths. */
import { ROOM_NAME } from "../rooms/room.ts";
import { HttpError } from "./errors.ts";

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
