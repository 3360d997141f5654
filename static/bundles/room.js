/** The page of a room, the bell included, made into one module by `deno task bundle`: on a slow line 44 took seconds. */
import "../room/room.js";
import "../notifications/bell.js";
