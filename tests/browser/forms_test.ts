import { assert } from "@std/assert";
import type { Route } from "playwright-core";
import { browserTest } from "../support/browser.ts";

browserTest(
  "Settings can be changed once they are loaded, and not where they can't be: saving would overwrite what is stored",
  async (stage) => {
    await stage.account("小安");
    const ada = await stage.signedIn("小安", "/chat/team/");
    const { id } = await ada.evaluate(async () => {
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ title: "計畫" });
      return await (await fetch("/api/documents", { method: "POST", headers, body })).json();
    });
    await ada.evaluate(() =>
      fetch("/api/rooms/team", {
        method: "PATCH",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ read_only: false }),
      })
    );
    const forms = [
      { page: "/account/", path: "/api/me/settings", form: "[data-part=watch]" },
      { page: "/chat/team/settings/", path: "/api/rooms/team", form: "[data-part=rules]" },
      { page: `/docs/${id}/`, path: `/api/documents/${id}`, form: "[data-part=sharing-form]" },
    ];
    for (const { page, path, form } of forms) {
      const state = (): Promise<boolean[]> =>
        ada.locator(`${form} fieldset, ${form} [type=submit]`)
          .evaluateAll((parts) => parts.map((part) => (part as HTMLButtonElement).disabled));
      const open = async (): Promise<void> => {
        await ada.goto(`${stage.url}${page}`);
        if (page.startsWith("/docs/")) await ada.getByRole("button", { name: "分享" }).click();
      };
      const loads = Promise.withResolvers<Route>();
      await ada.route((url) => url.pathname === path, (route) => {
        if (route.request().method() === "GET") loads.resolve(route);
        else route.abort();
      });
      await open();
      const route = await loads.promise;
      assert((await state()).every(Boolean), `${page} while it loads`);
      await route.continue();
      await ada.waitForFunction(
        (form) => !document.querySelector<HTMLFieldSetElement>(`${form} fieldset`)?.disabled,
        form,
      );
      assert((await state()).every((isDisabled) => !isDisabled), page);
      await ada.unrouteAll();
      await ada.route((url) => url.pathname === path, (route) => route.abort());
      await open();
      await ada.locator(`${form} [data-part=error]:not(:empty)`).waitFor();
      assert((await state()).every(Boolean), `${page} without its settings`);
      await ada.unrouteAll();
    }
  },
);
