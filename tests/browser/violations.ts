/** What axe finds on a page. */
import axe from "axe-core";
import type { Page } from "playwright-core";

/** One line for each thing that a person who sees, hears or moves otherwise would stumble over. */
export async function violations(page: Page): Promise<string[]> {
  // Colours are judged as they are, not halfway through a transition.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
  // The policy allows no foreign script in the page itself, so it is brought in from outside of it.
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`)
    );
  });
}
