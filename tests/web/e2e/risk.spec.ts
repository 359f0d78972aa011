// The risk limits and their use in the page, and an order that breaks one.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "./page";

const dir = mkdtempSync(join(tmpdir(), "oee-web-risk-"));
const file = join(dir, "risk.toml");
writeFileSync(
  file,
  `[all]
open_orders = 100
[account]
open_orders = 4
open_notional = { SOL = "8" }
largest_order = { SOL = "5.5" }
slippage_bps = 10000
tokens = ["SOL", "USDC"]
[accounts.desk]
open_orders = 7
`,
);
test.afterAll(() => rmSync(dir, { recursive: true }));

test.describe("with limits", () => {
  test.use({ flags: ["--risk-file", file, "--execution-concurrency", "0"] });
  test("limits are shown with their use, and follow it", async ({ page, engine }) => {
    await engine.place({});
    await page.goto(`${engine.url}/#/risk`);
    const mine = page.getByRole("region", { name: "Your account" });
    await expect(mine).toContainText("Open orders1 of 4");
    await expect(mine).toContainText("Open amount, SOL1.5 of 8");
    await expect(mine).toContainText("Largest order, SOL5.5");
    await expect(mine).toContainText("at most 100.00 %");
    await expect(mine).toContainText("SOL, USDC");
    await expect(mine.getByRole("progressbar", { name: "Open orders: 25 % used" })).toBeVisible();
    for (let i = 0; i < 3; i++) await engine.place({});
    await expect(mine.getByRole("progressbar", { name: "Open orders: 100 % used" })).toBeVisible();
    const all = page.getByRole("region", { name: "All accounts together" });
    await expect(all).toContainText("Open orders4 of 100");
    await page.getByLabel("Account", { exact: true }).fill("desk");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("region", { name: "Account desk" })).toContainText(
      "Open orders0 of 7",
    );
    await expect(page).toHaveURL(/account=desk/);
  });

  test("an order that breaks a limit is refused with the limit", async ({
    page,
    engine,
    consoleErrors,
  }) => {
    await page.goto(`${engine.url}/#/submit`);
    await page.getByLabel("Amount", { exact: true }).fill("6");
    await page.getByRole("button", { name: "Submit order" }).click();
    await expect(page.getByRole("region", { name: "New order" })).toContainText(
      "account.largest_order.SOL: limit 5.5, value 6",
    );
    expect(consoleErrors.filter((error) => !error.includes("422"))).toEqual([]);
    consoleErrors.length = 0;
  });
});

test("without limits the screen shows where they come from", async ({
  page,
  engine,
  consoleErrors,
}) => {
  await page.goto(`${engine.url}/#/risk`);
  await expect(page.locator("main")).toContainText("No risk limits are set");
  await expect(page.locator("main")).toContainText("--risk-file");
  expect(consoleErrors.filter((error) => !error.includes("404"))).toEqual([]);
  consoleErrors.length = 0;
});
