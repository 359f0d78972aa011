// The page in a browser, with an engine. A console error fails the test that caused it.
import { test as base, expect, type Page } from "@playwright/test";
import { Engine } from "./engine";

// The browser itself requests these; on a reload with the origin "null", which its own rules
// refuse.
const icon = /\/favicon\.svg/;

export function watchConsole(page: Page): string[] {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    const { url } = message.location();
    const error = `${message.text()} ${url}`;
    if (message.type() === "error" && !icon.test(error)) errors.push(error);
  });
  return errors;
}

interface Fixtures {
  flags: string[];
  engine: Engine;
  consoleErrors: string[];
}

export const test = base.extend<Fixtures>({
  flags: [
    ["--quote-delay", "10ms-30ms", "--venue-delay", "50ms-150ms", "--backoff", "100ms"],
    { option: true },
  ],
  engine: async ({ flags, page }, use) => {
    const engine = new Engine(flags);
    await engine.start();
    await use(engine);
    await page.goto("about:blank"); // before the engine stops
    await engine.stop();
  },
  consoleErrors: [
    async ({ page }, use) => {
      const errors = watchConsole(page);
      await use(errors);
      expect(errors).toEqual([]);
    },
    { auto: true },
  ],
});
export { expect };

export const state = (page: Page) => page.locator(".link-state");
