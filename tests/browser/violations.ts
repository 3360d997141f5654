/** What axe finds on a page. */
import axe from "axe-core";
import type { Locator, Page } from "playwright-core";

/**
 * One line for each thing that a person who sees, hears or moves otherwise would stumble over, in the light theme and
 * in the dark one: only colours differ between them, so the second time only these are judged.
 */
export async function violations(page: Page): Promise<string[]> {
  // The policy allows no foreign script in the page itself, so it is brought in from outside of it.
  if (await page.evaluate(() => !("axe" in globalThis))) await page.evaluate(axe.source);
  const found = await run(page, {});
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await run(page, { runOnly: ["color-contrast"] });
  await page.emulateMedia({ colorScheme: "light" });
  return [...found, ...dark.map((line) => `dark: ${line}`)];
}

/** The controls that a thumb misses: less than 44 pixels high, or less than `widthPx` wide. */
export async function tooSmall(controls: Locator, widthPx = 44): Promise<string[]> {
  return await controls.evaluateAll((controls, widthPx) =>
    controls.flatMap((control) => {
      const { width, height } = control.getBoundingClientRect();
      const isSmall = width < widthPx || height < 44;
      return isSmall ? [`${control.ariaLabel ?? control.textContent}: ${width} × ${height}`] : [];
    }), widthPx);
}

async function run(page: Page, options: axe.RunOptions): Promise<string[]> {
  // Colours are judged as they are, not halfway through a transition.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished)));
  return await page.evaluate(async (options) => {
    const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run({ ...options, resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`)
    );
  }, options);
}
