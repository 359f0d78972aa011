// Every screen under load: it shows its content, fits both widths in both themes, and has no
// serious finding of axe.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { Engine } from "./engine";
import { expect, test } from "./page";

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve("axe-core/axe.min.js"),
  "utf8",
);

const dir = mkdtempSync(join(tmpdir(), "oee-web-screens-"));
const limits = join(dir, "risk.toml");
writeFileSync(
  limits,
  `[all]
open_orders = 5000
[account]
open_orders = 4000
largest_order = { SOL = "1000" }
day_notional = { SOL = "5000000" }
tokens = ["SOL", "USDC", "USDT", "BONK", "JUP", "RAY", "ETH"]
`,
);

let shared: Engine;
let order = "";

test.beforeAll(async () => {
  shared = new Engine([
    "--quote-delay",
    "10ms-50ms",
    "--venue-delay",
    "50ms-300ms",
    "--backoff",
    "50ms",
    "--venue-faults",
    "reject=0.4",
    "--breaker-failures",
    "0",
    "--risk-file",
    limits,
  ]);
  await shared.start();
  order = await shared.place({});
  await shared.ended(order);
  await shared.place({ type: "limit", limitPrice: "160000" });
  shared.startLoad("--rate", "20", "--duration", "600s", "--keys");
  await expect
    .poll(async () => (await shared.get<{ dead: number }>("/v1/dead-letters/stats")).dead, {
      timeout: 60_000,
    })
    .toBeGreaterThan(3);
});
test.afterAll(async () => {
  await shared.stop();
  rmSync(dir, { recursive: true });
});

// Each screen with the texts that it shows once it has loaded.
const screens: [name: string, hash: () => string, shows: string[]][] = [
  ["blotter", () => "#/blotter", ["SOL → USDC", "orders shown"]],
  ["order", () => `#/order/${order}`, ["Order accepted", "Not chosen", "Slippage realised"]],
  ["submit", () => "#/submit", ["Quotes now", "You would get about", "Difference between venues"]],
  ["open orders", () => "#/open?pair=SOL-USDC", ["USDC per SOL", "limit 160", "Cancel all"]],
  [
    "overview",
    () => "#/overview",
    ["orders/s", "Success rate", "The best quote beat the next by", "Live updates"],
  ],
  ["risk", () => "#/risk", ["Open orders", "Largest order, SOL", "All accounts together"]],
  ["dead letters", () => "#/dead-letters", ["By cause", "Select all", "Venue unavailable"]],
  ["log", () => "#/log", ["Head seq", "Route selected"]],
  ["system", () => "#/system", ["accepts orders", "Slowest sync", "Last update taken"]],
];

interface AxeResult {
  violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
}
async function seriousFindings(page: Page): Promise<string[]> {
  const result = await page.evaluate(
    // The page's own policy forbids injected scripts; the debugger may evaluate.
    `${axeSource}; axe.run(document, { resultTypes: ["violations"] })`,
  );
  return (result as AxeResult).violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
}

for (const [name, hash, shows] of screens) {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 390]) {
      test(`${name}, ${colorScheme}, ${width} px`, async ({ page }) => {
        await page.setViewportSize({ width, height: 844 });
        await page.emulateMedia({ colorScheme });
        await page.goto(`${shared.url}/${hash()}`);
        for (const text of shows) {
          if (name === "blotter" && width === 390 && text.includes("→")) continue; // in the amount's cell
          await expect(page.locator("main")).toContainText(text);
        }
        const broad = await page.evaluate(() =>
          [document.documentElement, ...document.querySelectorAll("main, .scroll-x")]
            .filter((part) => part.scrollWidth > part.clientWidth)
            .map((part) => part.getAttribute("aria-label") ?? part.tagName),
        );
        expect(broad).toEqual([]);
        expect(await seriousFindings(page)).toEqual([]);
      });
    }
  }
}

// Every element that the Tab key reaches has a visible focus, and the key leaves each of them.
for (const [name, hash, shows] of screens) {
  test(`${name}: the Tab key reaches everything, with a visible focus`, async ({ page }) => {
    await page.goto(`${shared.url}/${hash()}`);
    for (const text of shows) await expect(page.locator("main")).toContainText(text);
    await page.keyboard.press("Tab");
    await expect(page.locator(":focus")).toHaveText("Skip to content");
    const stops: string[] = [];
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press("Tab");
      const stop = await page.evaluate(() => {
        const { activeElement: at } = document;
        if (!at || at === document.body) return undefined;
        const { outlineStyle, outlineWidth } = getComputedStyle(at);
        const ring = outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 1;
        return `${ring ? "" : "no ring: "}${at.tagName} ${at.getAttribute("aria-label") ?? at.textContent}`;
      });
      if (stop === undefined) break;
      stops.push(stop);
    }
    expect(stops.filter((stop) => stop.startsWith("no ring"))).toEqual([]);
    // The frame has twelve; a screen has at least one of its own.
    expect(new Set(stops).size).toBeGreaterThan(12);
  });
}

test("the content is reached by one key past the navigation", async ({ page }) => {
  await page.goto(`${shared.url}/#/submit`);
  await expect(page.locator("main")).toContainText("You would get about");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByLabel("Type", { exact: true })).toBeFocused();
});

test("the theme can be switched and stays switched", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(shared.url);
  await page.getByRole("button", { name: "Use the dark theme" }).click();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("the log goes to a seq, to a type and follows", async ({ page }) => {
  await page.goto(`${shared.url}/#/log`);
  await page.getByLabel("From seq").fill("3");
  await page.getByRole("button", { name: "Go" }).click();
  await expect(page.locator(".row:not(.head) .seq").first()).toHaveText("3");
  await expect(page.getByRole("complementary")).toContainText("Event 3");
  await page.getByLabel("From seq").fill("three");
  await page.getByRole("button", { name: "Go" }).click();
  await expect(page.getByText("A seq is a whole number from 1.")).toBeVisible();
  await page.getByLabel("Event type").selectOption("OrderConfirmed");
  await expect(page.locator(".row:not(.head) .event").first()).toHaveText("Order confirmed");
  await page.getByLabel("Event type").selectOption("");
  await page.getByRole("button", { name: "Follow" }).click();
  await expect(page.locator(".list-foot")).toContainText("up to the end of the log");
  const last = () => page.locator(".row:not(.head) .seq").last().textContent();
  const before = Number(await last());
  await expect.poll(async () => Number(await last())).toBeGreaterThan(before);
});

test("the page comes from the engine alone, compressed, and is cached by its hash", async ({
  page,
  request,
}) => {
  const asked: string[] = [];
  page.on("request", (each) => asked.push(each.url()));
  await page.goto(shared.url);
  await expect(page.locator("main")).toContainText("orders shown");
  expect(asked.filter((url) => !url.startsWith(shared.url))).toEqual([]);
  const script = asked.find((url) => url.endsWith(".js")) as string;
  const headers = (await request.get(script)).headers();
  expect(headers).toMatchObject({
    "content-encoding": "gzip",
    "cache-control": "public, max-age=31536000, immutable",
    "content-type": "text/javascript; charset=utf-8",
  });
  const again = await request.get(script, {
    headers: { "If-None-Match": headers["etag"] as string },
  });
  expect(again.status()).toBe(304);
  const html = await request.get(shared.url, { headers: { Accept: "text/html" } });
  expect(html.headers()["content-security-policy"]).toContain("default-src 'self'");
  const json = await request.get(shared.url, { headers: { Accept: "*/*" } });
  expect(await json.json()).toEqual({ status: "ok", service: "Order Execution Engine" });
});
