import { part } from "../shared/parts.js";
import { at } from "../shared/address.js";
import { mountPinsBar } from "./changes/pins_bar.js";
import { mountReturnButton } from "./changes/return_button.js";
import { mountComposer } from "./composer/composer.js";
import { mountConnectionBar } from "./connection/connection_bar.js";
import { Draft } from "./composer/draft.js";
import { loadActions } from "./load_actions.js";
import { followKeyboard } from "./composer/keyboard.js";
import { mountJumpToMessage } from "./messages/jump_to_message.js";
import { mountMessageList } from "./messages/mount_message_list.js";
import { followNetwork } from "../shared/connection/network.js";
import { askNickname } from "./people/nickname_dialog.js";
import { UnsentMessages } from "./connection/unsent_messages.js";
import { noteRoom } from "../shared/last_room.js";
import { mountPageTitle } from "./page_title.js";
import { mountReadMark } from "./connection/read_mark.js";
import { mountRateNotice } from "./composer/rate_notice.js";
import { MentionablePeople } from "./people/mentionable_people.js";
import { mountPeoplePanel } from "./people/people_panel.js";
import { mountWatchLevel } from "./people/watch_level.js";
import { mountRoomMembers } from "./people/room_members.js";
import { mountPermissions } from "./permissions.js";
import { mountSettings, pageAccount } from "../shared/settings.js";
import { mountSignedOut } from "./signed_out.js";
import { RoomSocket } from "./connection/room_socket.js";
import { openStorage } from "../shared/storage.js";
import { mountTypingLine } from "./composer/typing_line.js";
import { mountUnreadPill } from "./messages/unread_pill.js";
import { copyRoomLink } from "../lobby/room_link.js";
import { mountVisitedRooms } from "../lobby/visited_rooms.js";
import { Visits } from "../lobby/visits.js";
import { pageWords } from "../shared/words.js";
import { MAX_NAME_LENGTH, withoutUnwanted } from "../../rooms/user.ts";

const words = pageWords();
const storage = openStorage();
const visits = new Visits(storage);
const { room = "", maxLength = "0", account = "", mayEnter = "", readId = "" } = document.body.dataset;

/** @type {() => void} */
let left = () => location.reload();
mountSettings(() => left());
followKeyboard();
visits.enter(room);
noteRoom();
// What was read on another device counts here, too.
visits.see(room, readId);
const seenId = visits.seenId(room);
mountVisitedRooms(part("visited"), { visits, words, current: room });
enter(await nickname());

/**
 * The account's name, or the nickname from the address, or the remembered one, or the one that the visitor chooses now.
 * @returns {Promise<string>}
 */
async function nickname() {
  if (account) {
    takeFromAddress("username");
    return account;
  }
  const asked = cleanName(takeFromAddress("username")) || cleanName(visits.nickname);
  // Nobody chooses a name only to read that the room is private.
  if (!asked && mayEnter === "false") return "";
  const name = asked || await ask("");
  visits.nickname ||= name;
  return name;
}

/**
 * Takes a parameter out of the address: somebody who gets the address from this visitor must not take their name.
 * @param {string} key
 * @returns {string}
 */
function takeFromAddress(key) {
  const address = new URL(location.href);
  const value = address.searchParams.get(key) ?? "";
  address.searchParams.delete(key);
  history.replaceState(history.state, "", address);
  return value;
}

/** @param {string} current @returns {Promise<string>} */
async function ask(current) {
  return cleanName(await askNickname(part("nickname"), { words, current, random: Math.random }));
}

/**
 * A name in the form in which the server keeps it; a longer one is cut, where the server would refuse it.
 * @param {string} name
 * @returns {string}
 */
function cleanName(name) {
  return [...withoutUnwanted(name)].slice(0, MAX_NAME_LENGTH).join("").trim();
}

/** @param {string} username @returns {void} */
function enter(username) {
  const url = new URL(at(`/ws/chat/${encodeURIComponent(room)}/`), location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new RoomSocket({
    url,
    username,
    unsentMessages: new UnsentMessages(storage, room),
    open: (address) => new WebSocket(address),
    random: Math.random,
  });
  left = mountSignedOut({ socket, storage, account: pageAccount(), room });
  // The room has become open to all: now its visitor chooses a name.
  if (!username) socket.on("welcome", () => location.reload());
  // At once: on a slow line it takes longer than all that follows, which hears what comes.
  socket.connect();
  const list = part("list");
  list.addEventListener(
    "seen",
    (event) => visits.see(room, /** @type {CustomEvent<string>} */ (event).detail),
  );
  socket.on("messages", ({ messages, from }) => {
    if (from === "older" || !messages.length) return;
    part("visited").dispatchEvent(new CustomEvent("said", { detail: messages.at(-1) }));
  });
  socket.on("changed", ({ frame }) => {
    part("visited").dispatchEvent(new CustomEvent("changed", { detail: frame }));
  });
  socket.on("rules", (rules) => {
    part("visited").dispatchEvent(new CustomEvent("rules", { detail: rules }));
  });
  mountUnreadPill(part("pill"), { list, words });
  if (account) {
    mountReadMark(list, { socket });
    socket.on("read", (id) => visits.see(room, id));
    mountWatchLevel(part("watch"), { room });
  } else mountPageTitle(list);
  const { messages } = mountMessageList(list, { socket, words, room, account, seenId });
  mountJumpToMessage(part("notice"), { list, words });
  mountReturnButton(/** @type {HTMLButtonElement} */ (part("return")), { list });
  mountPinsBar(/** @type {HTMLDetailsElement} */ (part("pins")), { socket, words, list });
  mountTypingLine(part("typing"), { socket, words });
  mountPeoplePanel(part("presence"), {
    socket,
    words,
    opener: part("online"),
  });
  mountConnectionBar(part("connection"), { socket, words });
  const mentionable = new MentionablePeople(socket);
  const people = () => mentionable.all();
  mountComposer(part("composer"), {
    socket,
    words,
    draft: new Draft(storage, room),
    list,
    maxLength: Number(maxLength),
    people,
  });
  loadActions(list, { messages, socket, words, room, people, composer: part("composer") });
  mountPermissions({ socket, words, room });
  mountRoomMembers(part("members"), {
    socket,
    words,
    room,
    known: (members) => mentionable.setMembers(members),
  });
  mountRateNotice(part("pace"), { socket, words });
  followNetwork(socket);
  addEventListener(
    "storage",
    ({ key, newValue }) => newValue === null && socket.settledElsewhere(key),
  );
  for (const button of document.querySelectorAll("[data-part=rename]")) {
    button.addEventListener("click", () => rename(socket));
  }
  const copy = /** @type {HTMLButtonElement} */ (part("copy"));
  copy.addEventListener("click", () => copyRoomLink(copy, words));
}

/** Reconnects under another name; the page keeps its messages. @param {RoomSocket} socket @returns {Promise<void>} */
async function rename(socket) {
  const name = await ask(socket.username);
  if (name === socket.username) return;
  visits.nickname = name;
  // A refused connection has ended, so the page is loaded again.
  if (socket.connection.state === "refused") location.reload();
  else socket.rename(name);
}
