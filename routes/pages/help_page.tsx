import type { Words } from "../translations.ts";
import { Bar } from "./parts/header.tsx";
import { Layout } from "./parts/layout.tsx";
import type { Markup, PageProps } from "./page.ts";

/** Icons of what became of a message, their names and meanings, and how the stylesheet calls those with a colour of their own. */
const SIGNS = [
  ["sending", "live.sending", "help.ticks_clock"],
  ["delivered", "live.delivered", "help.ticks_one"],
  ["recorded", "live.recorded", "help.ticks_two", "recorded"],
  ["failed", "live.failed", "help.ticks_failed", "failed"],
] as const;

/** `/help/`. */
export function HelpPage({ page }: PageProps): Markup {
  const { words } = page;
  return (
    <Layout
      page={page}
      title={words["help.title"]}
      stylesheet="shared/styles/text_page.css"
      modules={["shared/page.js", "notifications/bell.js"]}
    >
      <Bar page={page} title={words["help.title"]} />
      <main class="help">
        <Sentences
          page={page}
          title="help.rooms_title"
          items={["help.rooms_1", "help.rooms_2", "help.rooms_3", "help.rooms_4"]}
        />
        <section class="help__part">
          <h2>{words["help.ticks_title"]}</h2>
          <dl class="help__signs">
            {SIGNS.map(([icon, label, meaning, sign]) => (
              <>
                <dt>
                  <svg class="help__sign" data-sign={sign} role="img" aria-label={words[label]}>
                    <use href={`#icon-${icon}`} />
                  </svg>
                </dt>
                <dd>{words[meaning]}</dd>
              </>
            ))}
          </dl>
        </section>
        <Sentences
          page={page}
          title="help.messages_title"
          items={["help.messages_1", "help.messages_2", "help.messages_3", "help.messages_4"]}
        />
        <Sentences
          page={page}
          title="help.files_title"
          items={["help.files_1", "help.files_2", "help.files_3"]}
        />
        <Sentences
          page={page}
          title="help.record_title"
          items={["help.record_1", "help.record_2", "help.record_3"]}
        />
        <Sentences
          page={page}
          title="help.mentions_title"
          items={["help.mentions_1", "help.mentions_2", "help.watch_1", "help.watch_2", "help.mentions_3"]}
        />
        <Sentences
          page={page}
          title="help.hosts_title"
          items={["help.hosts_1", "help.hosts_2", "help.hosts_3", "help.hosts_4"]}
        />
        <Sentences page={page} title="help.reports_title" items={["help.reports_1", "help.reports_2"]} />
        <Sentences
          page={page}
          title="help.docs_title"
          items={["help.docs_1", "help.docs_2", "help.docs_3"]}
        />
        <section class="help__part">
          <h2>{words["help.keys_title"]}</h2>
          <dl class="help__keys">
            <dt>
              <kbd>Enter</kbd>
            </dt>
            <dd>{words["help.keys_enter"]}</dd>
            <dt>
              <kbd>Shift</kbd> + <kbd>Enter</kbd>
            </dt>
            <dd>{words["help.keys_shift_enter"]}</dd>
            <dt>
              <kbd>Esc</kbd>
            </dt>
            <dd>{words["help.keys_escape"]}</dd>
            <dt>
              <kbd>Tab</kbd>
            </dt>
            <dd>{words["help.keys_tab"]}</dd>
            <dt>
              <kbd>↑</kbd>
            </dt>
            <dd>{words["help.keys_up"]}</dd>
            <dt>
              <kbd>Ctrl / ⌘ + K</kbd>
            </dt>
            <dd>{words["help.keys_search"]}</dd>
            <dt>
              <kbd>?</kbd>
            </dt>
            <dd>{words["help.keys_list"]}</dd>
          </dl>
          <p>{words["help.keys_touch"]}</p>
        </section>
        <Sentences page={page} title="help.admin_title" items={["help.admin_1", "help.admin_2"]} />
      </main>
    </Layout>
  );
}

function Sentences(
  { page, title, items }: PageProps & { title: keyof Words; items: readonly (keyof Words)[] },
): Markup {
  return (
    <section class="help__part">
      <h2>{page.words[title]}</h2>
      <ul>
        {items.map((key) => <li>{page.words[key]}</li>)}
      </ul>
    </section>
  );
}
