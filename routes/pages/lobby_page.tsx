/** `/chat/`: the form to enter a room, and the rooms that were visited. */
import { RoomField } from "./parts/form.tsx";
import { AccountLink, Bell, IconLink, Settings } from "./parts/header.tsx";
import { Icon, Layout } from "./parts/layout.tsx";
import type { ListedRoom } from "../api/rooms/listed_rooms.ts";
import type { Markup, PageProps } from "./page.ts";
import { RoomRow } from "./parts/room_row.tsx";

/** `/chat/`. */
export function LobbyPage({ page, listed }: PageProps & { listed: readonly ListedRoom[] }): Markup {
  const { words } = page;
  return (
    <Layout
      page={page}
      title={words["lobby.title"]}
      stylesheet="lobby/lobby_page.css"
      description={words["app.tagline"]}
      preload="lobby/lobby.js"
      words={["live"]}
      modules={["lobby/lobby.js", "notifications/bell.js"]}
    >
      <header class="bar">
        <p class="bar__brand">
          <img class="bar__mark" src={page.file("favicon.svg")} alt="" width="28" height="28" />
          {words["app.name"]}
        </p>
        <nav class="bar__actions">
          <a
            class="icon-button"
            href={page.at("/docs/")}
            aria-label={words["lobby.documents"]}
            title={words["lobby.documents"]}
          >
            <Icon name="document" />
          </a>
          <IconLink href={page.at("/help/")} label={words["settings.help"]} icon="help" />
          <Bell page={page} />
          <AccountLink page={page} />
          <Settings page={page} />
        </nav>
      </header>
      <main class="lobby">
        <section class="lobby__welcome">
          <h1 class="lobby__title">{words["app.tagline"]}</h1>
          <p class="lobby__lead">{words["lobby.welcome"]}</p>
          <form class="form lobby__form" action={page.at("/chat/")} method="get">
            <RoomField
              page={page}
              hint={words["lobby.room_rule"]}
              placeholder={words["lobby.room_placeholder"]}
            />
            <label class="form__check" data-part="private-field" data-for="account" hidden>
              <input type="checkbox" data-part="private" />
              <span>{words["lobby.private"]}</span>
            </label>
            <label class="form__field" data-for="guest">
              <span class="form__label">{words["lobby.nickname"]}</span>
              <input
                class="form__input"
                name="username"
                maxlength={32}
                placeholder={words["lobby.nickname_placeholder"]}
                autocomplete="nickname"
              />
            </label>
            <p class="form__error" data-part="error" role="alert"></p>
            <button class="button" type="submit">{words["lobby.enter"]}</button>
          </form>
        </section>
        <ListedRooms page={page} rooms={listed.filter(({ unread }) => unread === undefined)} />
        <section class="lobby__rooms" data-part="visited" aria-labelledby="visited">
          <h2 class="lobby__heading" id="visited">{words["lobby.visited"]}</h2>
          <ul class="rooms" data-part="rooms"></ul>
        </section>
        <Sample page={page} />
      </main>
      <RoomRow page={page} />
    </Layout>
  );
}

/** The rooms that are open to everybody: one click enters. */
function ListedRooms({ page, rooms }: PageProps & { rooms: readonly ListedRoom[] }): Markup | null {
  const { words } = page;
  if (!rooms.length) return null;
  return (
    <section class="lobby__rooms" aria-labelledby="listed">
      <h2 class="lobby__heading" id="listed">{words["lobby.listed"]}</h2>
      <ul class="rooms">
        {rooms.map(({ name, title, description, online }) => (
          <li class="rooms__row">
            <a class="rooms__link" href={page.at(`/chat/${encodeURIComponent(name)}/`)}>
              <span class="rooms__text">
                <span class="rooms__name" dir="auto">{title ?? name}</span>
                {description && <span class="rooms__preview" dir="auto">{description}</span>}
              </span>
              <span class="rooms__side">{words["lobby.online"].replace("{count}", String(online))}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A message in a room, and the row that it became. */
export function Sample({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <figure class="sample">
      <div class="sample__chat">
        <span class="avatar sample__avatar" aria-hidden="true">{words["sample.name_1"]}</span>
        <p class="sample__bubble">{words["sample.message_1"]}</p>
        <p class="sample__bubble sample__bubble--own">{words["sample.message_2"]}</p>
        <svg class="sample__tick" aria-hidden="true">
          <use href="#icon-recorded" />
        </svg>
      </div>
      <table class="sample__sheet">
        <thead>
          <tr>
            <th>{words["sample.time"]}</th>
            <th>{words["lobby.nickname"]}</th>
            <th>{words["room.messages"]}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <td>09:41</td>
            <td>{words["sample.name_1"]}</td>
            <td>{words["sample.message_1"]}</td>
          </tr>
          <tr>
            <td>09:42</td>
            <td>{words["sample.name_2"]}</td>
            <td>{words["sample.message_2"]}</td>
          </tr>
        </tbody>
      </table>
      <figcaption class="sample__caption">{words["sample.caption"]}</figcaption>
    </figure>
  );
}
