/** What stands at the top of pages: the bar, the bell, the account and the settings. */
import { IconButton, QuietButton } from "./button.tsx";
import type { Markup, PageProps } from "../page.ts";
import { Icon } from "./layout.tsx";

/** The bar of a page that can be left for the room or the list of rooms; `title` is the page's heading. */
export function Bar({ page, title }: PageProps & { title: string }): Markup {
  return (
    <header class="bar">
      <BackLink page={page} />
      <h1 class="bar__brand">{title}</h1>
      <Actions page={page} />
      <script type="module" src={page.file("shared/back_link.js")}></script>
    </header>
  );
}

/** The way back to the list of rooms, or to the room from which somebody came (`shared/back_link.js`). */
export function BackLink({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <a
      class="icon-button"
      data-part="back"
      href={page.at("/chat/")}
      aria-label={words["room.back"]}
      data-to-room={words["rules.back"]}
    >
      <Icon name="back" />
    </a>
  );
}

/** What stands at the end of a bar on most pages. */
export function Actions({ page }: PageProps): Markup {
  return (
    <nav class="bar__actions">
      <Bell page={page} />
      <AccountLink page={page} />
      <Settings page={page} />
    </nav>
  );
}

/** Notifications of who is signed in. */
export function Bell({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <div
      class="bell"
      data-part="bell"
      data-for="account"
      data-new-one={words["live.new_messages.one"]}
      data-new-many={words["live.new_messages"]}
    >
      <button class="icon-button bell__button" type="button" popovertarget="notifications">
        <Icon name="bell" />
        <span class="bell__words">{words["bell.title"]}</span>
        <span class="bell__count" data-part="unread" hidden></span>
        <span class="bell__words" data-part="unread-words" hidden>{words["bell.unread"]}</span>
      </button>
      <section
        class="bell__panel"
        id="notifications"
        data-part="notifications"
        popover="auto"
        tabindex={-1}
        aria-labelledby="notifications-title"
      >
        <div class="bell__head">
          <h2 class="bell__title" id="notifications-title">{words["bell.title"]}</h2>
          <QuietButton data-part="read-all" hidden>{words["bell.read_all"]}</QuietButton>
          <IconButton
            icon="close"
            label={words["bell.close"]}
            popovertarget="notifications"
            popovertargetaction="hide"
          />
        </div>
        <p class="bell__hint" data-part="bell-failed" role="alert" hidden>{words["bell.failed"]}</p>
        <p class="bell__hint" data-part="bell-empty" hidden>{words["bell.empty"]}</p>
        <ul class="bell__list" data-part="bell-list"></ul>
        <div class="bell__foot">
          <QuietButton data-part="bell-older" hidden>{words["bell.older"]}</QuietButton>
          <QuietButton data-part="bell-allow" hidden>{words["bell.allow"]}</QuietButton>
        </div>
      </section>
      <p class="bell__words" data-part="bell-news" role="status"></p>
      <template data-template="notification">
        <li class="bell__row">
          <a class="bell__link" data-part="link">
            <span class="bell__name" data-part="name" dir="auto"></span>
            <span class="bell__message" data-part="message" dir="auto"></span>
            <time class="bell__time" data-part="time"></time>
          </a>
          <button
            class="icon-button bell__read"
            data-part="read"
            type="button"
            aria-label={words["bell.read"]}
            title={words["bell.read"]}
          >
            <span class="bell__dot" aria-hidden="true"></span>
          </button>
        </li>
      </template>
    </div>
  );
}

/** The way to sign in for guests, and to their account for others. */
export function AccountLink({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <>
      <a
        class="icon-button"
        data-for="guest"
        href={page.at(`/account/sign-in/?to=${page.here}`)}
        aria-label={words["account.sign_in"]}
        title={words["account.sign_in"]}
      >
        <Icon name="person" />
      </a>
      <a
        class="icon-button"
        data-for="account"
        href={page.at("/account/")}
        aria-label={words["account.title"]}
        title={page.account}
      >
        <Icon name="account" />
      </a>
    </>
  );
}

/** Language and theme. */
export function Settings({ page }: PageProps): Markup {
  const { words, language } = page;
  const other = language === "en" ? "zh-Hant" : "en";
  return (
    <div class="settings">
      <IconButton
        icon="more"
        label={words["settings.title"]}
        class="icon-button settings__opener"
        popovertarget="settings"
      />
      <div class="settings__menu" id="settings" popover="auto">
        <a
          class="icon-button settings__choice"
          data-part="language"
          href={`?language=${other}`}
          hreflang={other}
          lang={other}
          aria-label={words["settings.other_language"]}
        >
          <Icon name="language" class="icon settings__long" />
          <span class="settings__short">{words["settings.other_language_short"]}</span>
          <span class="settings__long">{words["settings.other_language_name"]}</span>
        </a>{" "}
        <button
          class="icon-button settings__choice"
          data-part="theme"
          type="button"
          aria-label={words["settings.theme"]}
        >
          <Icon name="theme" />
          <span class="settings__long">{words["settings.theme_short"]}</span>
        </button>
      </div>
    </div>
  );
}

/** A link that shows an icon only. */
export function IconLink({ href, label, icon }: { href: string; label: string; icon: string }): Markup {
  return (
    <a class="icon-button" href={href} aria-label={label}>
      <Icon name={icon} />
    </a>
  );
}
