import { ROOM_NAME } from "../rooms/room.ts";
import { HttpError } from "./errors.ts";

/** The room that an address names, in NFC. Throws {@link HttpError} for what can't be a room's name. */
export function roomNameIn(text: string | undefined): string {
  const name = (text ?? "").normalize("NFC");
  if (ROOM_NAME.test(name)) return name;
  throw new HttpError(400, "invalid_room", "A room's name has 1 to 64 letters, digits, _ or -");
}
