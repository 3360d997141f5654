import { IconButton, QuietButton } from "./parts/button.tsx";
import { NicknameField } from "./parts/form.tsx";
import { Actions, IconLink } from "./parts/header.tsx";
import { Icon, Layout, NoScript } from "./parts/layout.tsx";
import { Composer } from "./parts/composer.tsx";
import { FileDialogs } from "./parts/file_dialogs.tsx";
import { MessageDialogs } from "./parts/message_dialogs.tsx";
import type { Markup, PageProps } from "./page.ts";
import { PersonRow } from "./parts/person_row.tsx";
import { RoomRow } from "./parts/room_row.tsx";
import { RoomLevel } from "./parts/watch_fields.tsx";

/** What a room's page shows besides who is signed in. */
export interface RoomValues {
  readonly room: string;
  readonly title: string;
  /** The id of the message up to which the account has read, or `""`. */
  readonly readId: string;
  /** Whether the visitor may change the room's settings. */
  readonly mayChange: boolean;
  readonly isPrivate: boolean;
  /** Whether the visitor may enter. */
  readonly mayEnter: boolean;
  readonly isClosed: boolean;
  /** Whether the visitor may only read. */
  readonly isReadOnly: boolean;
  readonly auth: "guests" | "required";
  /** The size of a file at most, in bytes. */
  readonly maxFileBytes: number;
  /** In characters, 0 for no limit. */
  readonly maxMessageLength: number;
  /** The tab of the spreadsheet that messages go to; `undefined` for a file. */
  readonly sheetName: string | undefined;
  /** Days for which messages are kept; 0 = for good. */
  readonly retentionDays: number;
  /** For how long authors may change what they said, in minutes; 0: never. */
  readonly editMinutes: number;
}

/** `/chat/:room/`. */
export function RoomPage({ page, ...values }: PageProps & RoomValues): Markup {
  const { words } = page;
  const { room, title, sheetName, retentionDays } = values;
  const body = {
    class: "room",
    "data-room": room,
    "data-account": page.account,
    "data-read-id": values.readId,
    "data-may-change": String(values.mayChange),
    "data-read-only": String(values.isReadOnly),
    "data-closed": String(values.isClosed),
    "data-private": String(values.isPrivate),
    "data-may-enter": String(values.mayEnter),
    "data-auth": values.auth,
    "data-max-length": String(values.maxMessageLength),
    "data-max-file-bytes": String(values.maxFileBytes),
    "data-edit-minutes": String(values.editMinutes),
    "data-connection": "connecting",
  };
  return (
    <Layout
      page={page}
      title={title}
      stylesheet="room/room_page.css"
      preload="built/room.js"
      body={body}
      words={["live"]}
      modules={["built/room.js"]}
    >
      <a class="skip" href="#composer">{words["app.skip"]}</a>
      <header class="bar room__bar">
        <IconLink href={page.at("/chat/")} label={words["room.back"]} icon="back" />
        <span class="avatar rooms__avatar room__avatar" data-part="room-avatar" aria-hidden="true"></span>
        <div class="room__heading">
          <h1 class="room__name" dir="auto">
            <svg class="lock room__lock" role="img" aria-label={words["live.private_room"]}>
              <use href="#icon-lock" />
            </svg>
            <span data-part="title">{title}</span>
          </h1>
          <button
            class="room__online"
            data-part="online"
            type="button"
            aria-expanded="false"
            aria-controls="people"
          >
            <span class="room__dot" aria-hidden="true"></span>
            <span class="room__count" data-part="count">{words["room.connecting"]}</span>
          </button>
        </div>
        <IconButton icon="search" label={words["room.search"]} data-part="search-open" />
        <Actions page={page} />
      </header>
      <nav class="room__rooms" data-part="visited" aria-label={words["lobby.visited"]}>
        <h2 class="room__side-heading">{words["lobby.visited"]}</h2>
        <ul class="rooms" data-part="rooms"></ul>
      </nav>
      <main class="room__main">
        <div class="connection" data-part="connection" role="status" hidden>
          <span class="connection__sentence" data-part="sentence"></span>
          <button class="connection__button" data-part="now" type="button">{words["room.now"]}</button>
          <button class="connection__button" data-part="rename" type="button" data-for="guest" hidden>
            {words["room.rename"]}
          </button>
          <button class="connection__button" data-part="again" type="button" hidden>
            {words["room.again"]}
          </button>
          <button class="connection__button" data-part="as-guest" type="button" hidden>
            {words["room.as_guest"]}
          </button>
          <a
            class="connection__button"
            data-part="sign-in"
            href={page.at(`/account/sign-in/?to=${page.here}`)}
            hidden
          >
            {words["account.sign_in"]}
          </a>
        </div>
        <p class="room__about" data-part="about" dir="auto" hidden></p>
        <p class="room__notice" data-part="notice" role="status" hidden></p>
        <details class="pins" data-part="pins" hidden>
          <summary class="pins__summary">
            <Icon name="pin" />
            <span class="pins__count" data-part="pins-count"></span>
            <span class="pins__newest" data-part="pins-newest" dir="auto"></span>
          </summary>
          <ul class="pins__list" data-part="pins-list"></ul>
        </details>
        <div
          class="messages"
          data-part="list"
          role="log"
          aria-live="polite"
          aria-busy="true"
          aria-label={words["room.messages"]}
          tabindex={0}
        >
          <p class="messages__older">{words["room.loading_older"]}</p>
          <p class="messages__begin">{words["room.begin"]}</p>
          <p class="messages__away">{words["room.away"]}</p>
          <p class="messages__empty">{words["room.empty"]}</p>
          <p class="messages__own" data-for="changer">
            {words["room.own"]} <a href="settings/">{words["room.settings"]}</a>
          </p>
          <div class="messages__rows" data-part="rows"></div>
        </div>
        <div class="room__foot">
          <p class="room__status" data-part="status" role="status"></p>
          <button class="return" data-part="return" type="button" hidden>{words["room.return"]}</button>
          <button class="pill" data-part="pill" type="button" hidden>
            <span data-part="pill-text"></span>
            <Icon name="down" class="icon pill__arrow" />
          </button>
          <p class="typing" data-part="typing">{words["room.recorded"]}</p>
          <Composer page={page} />
        </div>
        <NoScript notice={words["room.needs_script"]} />
      </main>
      <aside class="people" id="people" data-part="presence" aria-label={words["room.people"]} tabindex={-1}>
        <div class="people__head">
          <h2 class="room__side-heading">{words["room.people"]}</h2>
          <IconButton
            icon="close"
            label={words["room.close"]}
            class="icon-button people__close"
            data-part="close"
          />
        </div>
        <div class="people__lists">
          <ul data-part="people"></ul>
          <section data-part="members" aria-labelledby="members" hidden>
            <h2 class="room__side-heading" id="members">{words["room.members"]}</h2>
            <ul data-part="member-list"></ul>
          </section>
        </div>
        <div class="people__actions">
          <RoomLevel page={page} />
          <QuietButton data-part="copy" data-room={room}>{words["room.copy_link"]}</QuietButton>
          <QuietButton data-part="rename" data-for="guest">{words["room.rename"]}</QuietButton>
          <QuietButton data-part="gallery-open" hidden>{words["room.gallery"]}</QuietButton>
          <a class="button button--quiet" data-for="changer" href="settings/">{words["room.settings"]}</a>
          <button class="button button--quiet people__shortcuts" data-part="shortcuts-open" type="button">
            {words["shortcuts.title"]}
          </button>
          <nav class="people__links" aria-label={words["room.more"]}>
            <a class="button button--quiet" data-for="account" href={page.at(`/reports/?room=${room}`)}>
              {words["reports.link"]}
            </a>
            <a class="button button--quiet" href={page.at("/docs/")}>{words["lobby.documents"]}</a>
            <a class="button button--quiet" href={page.at("/help/")}>{words["settings.help"]}</a>
          </nav>
          <p class="people__notice" data-sheet={sheetName === undefined ? "file" : "google"}>
            {words["room.recorded_in"]}
            <span data-for="google">
              {words["room.recorded_google"]}{" "}
              {sheetName?.replaceAll(/\{\w+\}/g, (name) => name === "{room}" ? room : "…")}
            </span>
            <span data-for="file">{words["room.recorded_file"]}</span>
          </p>
          <p class="people__notice" data-days={retentionDays}>{words["room.kept_days"]}{retentionDays}</p>
        </div>
      </aside>
      <dialog class="dialog" data-part="nickname" aria-labelledby="nickname-title">
        <form class="form" method="dialog">
          <h2 class="dialog__title" id="nickname-title">{words["room.nickname_title"]}</h2>
          <NicknameField page={page} />
          <button class="button" type="submit">{words["lobby.enter"]}</button>
          <QuietButton data-part="guest">{words["room.enter_guest"]}</QuietButton>
        </form>
      </dialog>
      <MessageDialogs page={page} />
      <FileDialogs page={page} />
      <RoomRow page={page} />
      <PersonRow />
      <template data-template="trouble">
        <div class="message__trouble">
          <p data-part="reason"></p>
          <p class="message__actions" data-part="actions">
            <button class="message__action" data-action="retry" data-part="retry" type="button">
              {words["room.retry"]}
            </button>{" "}
            <button class="message__action" data-action="take-back" data-part="take-back" type="button">
              {words["room.take_back"]}
            </button>
          </p>
        </div>
      </template>
      <template data-template="message">
        <div class="message" role="article" tabindex={-1}>
          <p class="message__day" data-part="day"></p>
          <span class="avatar message__avatar" data-part="avatar" aria-hidden="true"></span>
          <p class="message__name" data-part="name" dir="auto"></p>
          <div class="message__line" data-part="line">
            <p class="message__body" data-part="body" dir="auto"></p>
            <p class="message__facts">
              <span class="message__ticks" data-part="ticks" role="img">
                <svg class="message__tick" aria-hidden="true">
                  <use />
                </svg>
              </span>
              <time class="message__time" data-part="time"></time>
            </p>
          </div>
        </div>
      </template>
    </Layout>
  );
}
