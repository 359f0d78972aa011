// An order in the page: entered, submitted, watched, examined at earlier events, cancelled.
import { expect, test } from "./page";

test("an order is submitted and watched until it is confirmed", async ({ page, engine }) => {
  await page.goto(`${engine.url}/#/submit`);
  await expect(page.getByRole("region", { name: "Quotes now" })).toContainText("meteora");
  await expect(page.getByText("You would get about")).toBeVisible();
  await page.getByLabel("Amount", { exact: true }).fill("2.25");
  await page.getByRole("button", { name: "Submit order" }).click();
  const mine = page.getByRole("region", { name: "The order you submitted" });
  await expect(mine.getByText("Order accepted")).toBeVisible();
  await expect(mine.getByText("Order confirmed")).toBeVisible();
  await expect(mine.locator(".order-head .badge")).toHaveText("confirmed");
  await expect(mine).toContainText("2.25 SOL → USDC");
  await expect(page.getByLabel("Amount", { exact: true })).toHaveValue("2.25");
});

test("an error is shown at its field, and the typed values stay", async ({
  page,
  engine,
  consoleErrors,
}) => {
  await page.goto(`${engine.url}/#/submit`);
  await page.getByLabel("Sell").fill("usdc");
  await page.getByLabel("Amount", { exact: true }).fill("-3");
  await page.getByRole("button", { name: "Submit order" }).click();
  await expect(page.locator("#outputToken-error")).toHaveText(
    /must differ from the token that is sold/,
  );
  await expect(page.locator("#amount-error")).toHaveText(/must be more than zero/);
  await expect(page.getByLabel("Amount", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Amount", { exact: true })).toHaveValue("-3");
  await page.getByLabel("Slippage, at most").fill("lots");
  await expect(page.locator("#slippageBps-error")).toHaveText(/per cent/);
  expect(await engine.get("/v1/orders")).toEqual({ items: [] });
  // The browser reports the 422 of the refusal. Other errors fail the test.
  expect(consoleErrors.filter((error) => !error.includes("422"))).toEqual([]);
  consoleErrors.length = 0;
});

test("an exact amount is bought for at most the input that was typed", async ({
  page,
  engine,
  consoleErrors,
}) => {
  await page.goto(`${engine.url}/#/submit`);
  await page.getByLabel("Buy an exact amount").check();
  await expect(page.getByLabel("Amount", { exact: true })).toHaveCount(0);
  await expect(page.getByLabel("Least output")).toHaveCount(0);
  await page.getByLabel("Output, exactly").fill("150");
  const quotes = page.getByRole("region", { name: "Quotes now" });
  await expect(quotes.getByText("You would sell about")).toBeVisible();
  await expect(quotes).toContainText("Amount in, SOL");
  await page.getByRole("button", { name: "Submit order" }).click();
  await expect(page.locator("#maxInput-error")).toHaveText(/required/);
  await page.getByLabel("Input, at most").fill("1.5");
  await page.getByRole("button", { name: "Submit order" }).click();
  const mine = page.getByRole("region", { name: "The order you submitted" });
  await expect(mine.locator(".order-head .badge")).toHaveText("confirmed");
  await expect(mine).toContainText("150 USDC");
  expect(await engine.get("/v1/orders")).toMatchObject({
    items: [{ outputAmount: "150", amountOut: "150" }],
  });
  expect(consoleErrors.filter((error) => !error.includes("422"))).toEqual([]);
  consoleErrors.length = 0;
});

test("a limit order rests, and the form shows what its type needs", async ({
  page,
  engine,
  consoleErrors,
}) => {
  await page.goto(`${engine.url}/#/submit`);
  await expect(page.getByLabel("Limit price")).toHaveCount(0);
  await page.getByLabel("Type").selectOption("Limit");
  await page.getByRole("button", { name: "Submit order" }).click();
  await expect(page.locator("#limitPrice-error")).toHaveText(/required/);
  await page.getByLabel("Limit price").fill("1000000.5");
  await page.getByLabel("Time in force").selectOption("good till it expires");
  await page.getByRole("button", { name: "Submit order" }).click();
  await expect(page.locator("#expiresAt-error")).toHaveText(/required/);
  await page.getByLabel("Expires (optional)").fill("2099-01-02T03:04:05");
  await page.getByLabel("Fill in parts").check();
  await page.getByRole("button", { name: "Submit order" }).click();
  const mine = page.getByRole("region", { name: "The order you submitted" });
  await expect(mine.locator(".order-head .badge")).toHaveText("resting");
  await expect(mine).toContainText("Limit price1,000,000.5 USDC per SOL");
  const { items } = await engine.get<{ items: object[] }>("/v1/orders");
  expect(items).toEqual([
    expect.objectContaining({
      type: "limit",
      limitPrice: "1000000.5",
      timeInForce: "gtt",
      allowPartial: true,
      expiresAt: "2099-01-02T02:04:05.000000Z", // the browser is in Berlin
      slippageBps: 10000,
    }),
  ]);
  expect(consoleErrors.filter((error) => !error.includes("422"))).toEqual([]);
  consoleErrors.length = 0;
});

test("each type has its own members, and a text stays while the type changes", async ({
  page,
  engine,
}) => {
  await page.goto(`${engine.url}/#/submit`);
  const type = page.getByLabel("Type", { exact: true });
  await type.selectOption("Stop");
  await page.getByLabel("Trigger price").fill("140");
  await page.getByLabel("Trigger when the price is").selectOption("at or above it (take profit)");
  await type.selectOption("TWAP");
  await expect(page.getByLabel("Trigger price")).toHaveCount(0);
  await page.getByLabel("Slices", { exact: true }).fill("a few");
  await expect(page.locator("#slices-error")).toHaveText("must be a whole number");
  await expect(page.getByLabel("Time between slices")).toHaveAttribute("placeholder", /30s/);
  await type.selectOption("Sniper");
  await expect(page.getByLabel("Least liquidity of the pool (optional)")).toBeVisible();
  await type.selectOption("Stop");
  await expect(page.getByLabel("Trigger price")).toHaveValue("140");
  await expect(page.getByLabel("Trigger when the price is")).toHaveValue("atOrAbove");
});

test("a submit without an engine keeps the typed values and can be sent again", async ({
  page,
  engine,
  consoleErrors,
}) => {
  await page.goto(`${engine.url}/#/submit`);
  await expect(page.getByText("You would get about")).toBeVisible();
  await page.getByLabel("Client order id (optional)").fill("mine-1");
  await engine.kill();
  await page.getByRole("button", { name: "Submit order" }).click();
  await expect(page.getByRole("region", { name: "New order" })).toContainText("cannot be reached");
  await expect(page.getByLabel("Client order id (optional)")).toHaveValue("mine-1");
  await engine.start();
  await page.getByRole("button", { name: "Submit order" }).click();
  await expect(page.getByRole("region", { name: "The order you submitted" })).toContainText(
    "Order confirmed",
  );
  consoleErrors.length = 0; // of the time without an engine
});

test("an order shows its quotes, and how it was at any event", async ({ page, engine }) => {
  const id = await engine.place({ clientOrderId: "look-at-me" });
  await engine.ended(id);
  await page.goto(`${engine.url}/#/order/${id}`);
  const attempts = page.getByRole("region", { name: "Attempts" });
  await expect(attempts).toContainText("Not chosen: amount out");
  await expect(attempts.locator(".winner")).toContainText("best");
  const facts = page.getByRole("region", { name: "State" });
  await expect(facts.locator(".badge")).toHaveText("confirmed");
  await page.getByLabel("As it was at event").press("Home");
  await expect(facts.locator(".badge")).toHaveText("pending");
  await expect(page).toHaveURL(/at=\d+/);
  await expect(page.locator(".timeline li.later")).toHaveCount(5);
  await page.getByRole("button", { name: "One event on" }).click();
  await expect(facts.locator(".badge")).toHaveText("routing");
  await page.getByRole("button", { name: "Back to now" }).click();
  await expect(facts.locator(".badge")).toHaveText("confirmed");
  await page.getByText("Order accepted").last().click();
  await expect(page.locator("pre").first()).toContainText("look-at-me");
});

test("a copy button copies", async ({ page, engine, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const id = await engine.place({});
  await page.goto(`${engine.url}/#/order/${id}`);
  await page.getByRole("button", { name: "Copy order id" }).first().click();
  await expect(page.getByText("Copied")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(id);
});

test("an unknown order is shown as unknown", async ({ page, engine, consoleErrors }) => {
  await page.goto(`${engine.url}/#/order/01a1ff5f-16c1-7000-9d23-36210fc24f30`);
  await expect(page.getByText("There is no such order")).toBeVisible();
  expect(consoleErrors.filter((error) => !error.includes("404"))).toEqual([]);
  consoleErrors.length = 0;
});

test.describe("with nothing executed", () => {
  test.use({ flags: ["--execution-concurrency", "0"] });
  test("a waiting order is cancelled after a question", async ({ page, engine }) => {
    const id = await engine.place({});
    await page.goto(`${engine.url}/#/order/${id}`);
    await page.getByRole("button", { name: "Cancel order" }).click();
    const question = page.getByRole("dialog");
    await expect(question).toContainText("ends as cancelled");
    await page.keyboard.press("Escape");
    await expect(question).toHaveCount(0);
    await page.getByRole("button", { name: "Cancel order" }).click();
    await question.getByRole("button", { name: "Cancel order" }).click();
    await expect(page.locator(".order-head .badge")).toHaveText("cancelled");
    await expect(page.getByRole("button", { name: "Cancel order" })).toHaveCount(0);
  });
});

test.describe("with a venue that rejects everything", () => {
  test.use({
    flags: [
      "--quote-delay",
      "5ms",
      "--venue-delay",
      "10ms",
      "--backoff",
      "10ms",
      "--venue-faults",
      "reject=1",
      "--breaker-failures",
      "0",
    ],
  });

  test("dead letters are grouped, examined, requeued and discarded", async ({ page, engine }) => {
    const ids = [await engine.place({}), await engine.place({}), await engine.place({})];
    for (const id of ids) expect(await engine.ended(id)).toBe("failed");
    await page.goto(`${engine.url}/#/dead-letters`);
    await expect(page.getByRole("region", { name: "By cause" })).toContainText("Venue unavailable");
    await expect(page.locator(".letter")).toHaveCount(3);

    await page.getByRole("button", { name: `Attempts of order ${ids[0]}` }).click();
    await expect(page.getByRole("article", { name: "Attempt 3" })).toBeVisible();

    await page.getByLabel(`Select order ${ids[0]}`).check();
    await page.getByRole("button", { name: "Requeue…" }).click();
    const dialog = page.getByRole("dialog");
    await expect(dialog).toContainText("attempt 4 as the next");
    await dialog.getByRole("button", { name: "Requeue" }).click();
    await expect(dialog).toContainText("1 of 1 done");
    await dialog.getByRole("button", { name: "Close" }).click();
    await expect
      .poll(async () =>
        (await engine.get<{ items: { type: string }[] }>(`/v1/orders/${ids[0]}/events`)).items.map(
          ({ type }) => type,
        ),
      )
      .toContain("DeadLetterRequeued");
    expect(await engine.ended(ids[0] as string)).toBe("failed");

    await expect(page.locator(".letter")).toHaveCount(3);
    await page.getByLabel("Select all 3").check();
    await page.getByRole("button", { name: "Discard…" }).click();
    await expect(dialog).toContainText("cannot be undone");
    await dialog.getByRole("button", { name: "Discard 3" }).click();
    await expect(dialog).toContainText("3 of 3 done");
    await dialog.getByRole("button", { name: "Close" }).click();
    await expect(page.getByText("No dead letters")).toBeVisible();
    expect(await engine.get("/v1/dead-letters/stats")).toMatchObject({ dead: 0, discarded: 3 });
  });
});
