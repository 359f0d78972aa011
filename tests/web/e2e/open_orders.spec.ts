// Open orders on the price of their pair: drawn, amended, cancelled one by one and all at once.
import type { Page } from "@playwright/test";
import type { Engine } from "./engine";
import { expect, test } from "./page";

test.use({
  flags: [
    "--quote-delay",
    "5ms",
    "--venue-delay",
    "20ms",
    "--backoff",
    "100ms",
    "--enable-test-endpoints",
  ],
});

const rows = (page: Page) =>
  page.getByRole("region", { name: "Open orders" }).getByRole("listitem");
const chart = (page: Page) => page.getByRole("figure");
const market = (engine: Engine, price: string) =>
  engine.post("/test/market", { inputToken: "SOL", outputToken: "USDC", price });
const limit = (engine: Engine, limitPrice: string, more: object = {}) =>
  engine.place({ type: "limit", limitPrice, ...more });

test("resting orders are drawn on the price, and leave when they are filled", async ({
  page,
  engine,
}) => {
  await market(engine, "150");
  await limit(engine, "160", { amount: "2.5" });
  await limit(engine, "900");
  await page.goto(`${engine.url}/#/open`);
  await expect(rows(page)).toHaveCount(2);
  await expect(chart(page)).toHaveAttribute("aria-label", /^USDC per SOL: 1[45]\d.*2 prices/);
  await expect(chart(page).locator(".level")).toHaveCount(1);
  await expect(chart(page).locator(".level")).toContainText("2.5 SOL, limit 160");
  await expect(chart(page)).toContainText("1 of 2 prices are more than 20 % away");
  const later = await limit(engine, "165", { amount: "3" });
  await expect(rows(page)).toHaveCount(3);
  await expect(rows(page).first()).toContainText("limit 165");
  await expect(rows(page).first()).toContainText(/\+(8|9|10)\.\d\d %/);
  await rows(page).first().getByRole("button", { name: "Amend" }).focus();
  await expect(chart(page).locator(".level.set")).toContainText("3 SOL, limit 165");
  await market(engine, "170");
  await expect(rows(page)).toHaveCount(1);
  expect(await engine.ended(later)).toBe("confirmed");
  await expect(chart(page).locator("circle")).toHaveCount(2);
});

test("an order is amended, and a change that came meanwhile is not overlooked", async ({
  page,
  engine,
  consoleErrors,
}) => {
  const id = await limit(engine, "900", { amount: "2" });
  await page.goto(`${engine.url}/#/open`);
  await expect(rows(page)).toContainText("limit 900");
  await expect(rows(page).locator(".badge")).toHaveText("resting");
  await rows(page).getByRole("button", { name: "Amend" }).click();
  const question = page.getByRole("dialog", { name: "Amend this order" });
  await expect(question.getByLabel("Limit price")).toHaveValue("900");
  await expect(question.getByRole("button", { name: "Amend order" })).toBeDisabled();
  await question.getByLabel("Limit price").fill("-1");
  await page.keyboard.press("Enter");
  await expect(page.locator("#amend-limitPrice-error")).toHaveText(/more than zero|positive/);
  await question.getByLabel("Limit price").fill("800.5");
  await page.keyboard.press("Enter");
  await expect(question).toHaveCount(0);
  await expect(rows(page)).toContainText("limit 800.5");

  await rows(page).getByRole("button", { name: "Amend" }).click();
  await expect(question.getByLabel("Amount")).toHaveValue("2");
  await engine.amend(id, { amount: "3" });
  await question.getByLabel("Limit price").fill("700");
  await question.getByRole("button", { name: "Amend order" }).click();
  await question.getByRole("button", { name: "Read it again" }).click();
  await expect(question.getByLabel("Amount")).toHaveValue("3");
  await expect(question.getByLabel("Limit price")).toHaveValue("800.5");
  await page.keyboard.press("Escape");
  await expect(rows(page)).toContainText("3 SOL");
  expect(await engine.get(`/v1/orders/${id}`)).toMatchObject({
    limitPrice: "800.5",
    amountIn: "3",
  });
  // The browser reports the refusals. Other errors fail the test.
  expect(consoleErrors.filter((error) => !/\b4(12|22)\b/.test(error))).toEqual([]);
  consoleErrors.length = 0;
});

test("orders are cancelled one by one, by token, and all", async ({ page, engine }) => {
  await limit(engine, "900");
  await limit(engine, "901");
  await limit(engine, "902");
  const other = await limit(engine, "90000", { inputToken: "ETH" });
  await page.goto(`${engine.url}/#/open?pair=SOL-USDC`);
  await expect(rows(page)).toHaveCount(3);
  await rows(page).first().getByRole("button", { name: "Cancel order" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel order" }).click();
  await expect(rows(page)).toHaveCount(2);
  await page.getByRole("button", { name: "Cancel all…" }).press("Enter");
  const question = page.getByRole("dialog", { name: "Cancel all open orders?" });
  await question.getByLabel("Those that sell or buy").selectOption("SOL");
  await question.getByRole("button", { name: "Cancel orders of SOL" }).click();
  await expect(question.getByRole("status")).toContainText("2 cancelled");
  await question.getByRole("button", { name: "Close" }).click();
  await expect(page.getByText("No order of this pair is open")).toBeVisible();
  await page.getByLabel("Pair").selectOption("ETH → USDC (1)");
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole("button", { name: "Cancel all…" }).click();
  await question.getByRole("button", { name: "Cancel all orders" }).click();
  await expect(question.getByRole("status")).toContainText("1 cancelled");
  expect(await engine.ended(other)).toBe("cancelled");
});

test("at 390 px the chart and the orders fit", async ({ page, engine }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await market(engine, "150");
  await limit(engine, "160.123456789", {
    amount: "12345.123456789",
    expiresAt: "2099-12-31T23:59:59Z",
  });
  await page.goto(`${engine.url}/#/open`);
  await expect(chart(page).locator(".level")).toHaveCount(1);
  await rows(page).getByRole("button", { name: "Amend" }).click();
  await expect(page.getByLabel("Amount")).toHaveValue("12345.123456789");
  const broad = await page.evaluate(() =>
    [...document.querySelectorAll("html, main, .open-list li, dialog, .price-chart")]
      .filter((part) => part.scrollWidth > part.clientWidth)
      .map((part) => part.className || part.tagName),
  );
  expect(broad).toEqual([]);
});

test("without open orders the screen leads to the form", async ({ page, engine }) => {
  await page.goto(`${engine.url}/#/open`);
  await page.getByRole("link", { name: "Submit an order" }).click();
  await expect(page).toHaveURL(/#\/submit/);
});
