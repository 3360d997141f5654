import { Bar } from "./parts/header.tsx";
import { Layout } from "./parts/layout.tsx";
import type { Markup, PageProps } from "./page.ts";

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
        <section class="help__part">
          <h2>{words["help.rooms_title"]}</h2>
          <ul>
            <li>{words["help.rooms_1"]}</li>
            <li>{words["help.rooms_2"]}</li>
            <li>{words["help.rooms_3"]}</li>
            <li>{words["help.rooms_4"]}</li>
          </ul>
        </section>
        <section class="help__part">
          <h2>{words["help.ticks_title"]}</h2>
          <dl class="help__signs">
            <dt>
              <svg class="help__sign" role="img" aria-label={words["live.sending"]}>
                <use href="#icon-sending" />
              </svg>
            </dt>
            <dd>{words["help.ticks_clock"]}</dd>
            <dt>
              <svg class="help__sign" role="img" aria-label={words["live.delivered"]}>
                <use href="#icon-delivered" />
              </svg>
            </dt>
            <dd>{words["help.ticks_one"]}</dd>
            <dt>
              <svg class="help__sign" data-sign="recorded" role="img" aria-label={words["live.recorded"]}>
                <use href="#icon-recorded" />
              </svg>
            </dt>
            <dd>{words["help.ticks_two"]}</dd>
            <dt>
              <svg class="help__sign" data-sign="failed" role="img" aria-label={words["live.failed"]}>
                <use href="#icon-failed" />
              </svg>
            </dt>
            <dd>{words["help.ticks_failed"]}</dd>
          </dl>
        </section>
        <section class="help__part">
          <h2>{words["help.record_title"]}</h2>
          <ul>
            <li>{words["help.record_1"]}</li>
            <li>{words["help.record_2"]}</li>
            <li>{words["help.record_3"]}</li>
          </ul>
        </section>
        <section class="help__part">
          <h2>{words["help.mentions_title"]}</h2>
          <ul>
            <li>{words["help.mentions_1"]}</li>
            <li>{words["help.mentions_2"]}</li>
            <li>{words["help.mentions_3"]}</li>
          </ul>
        </section>
        <section class="help__part">
          <h2>{words["help.reports_title"]}</h2>
          <ul>
            <li>{words["help.reports_1"]}</li>
            <li>{words["help.reports_2"]}</li>
          </ul>
        </section>
        <section class="help__part">
          <h2>{words["help.docs_title"]}</h2>
          <ul>
            <li>{words["help.docs_1"]}</li>
            <li>{words["help.docs_2"]}</li>
            <li>{words["help.docs_3"]}</li>
          </ul>
        </section>
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
          </dl>
          <p>{words["help.keys_touch"]}</p>
        </section>
        <section class="help__part">
          <h2>{words["help.admin_title"]}</h2>
          <ul>
            <li>{words["help.admin_1"]}</li>
            <li>{words["help.admin_2"]}</li>
          </ul>
        </section>
      </main>
    </Layout>
  );
}
