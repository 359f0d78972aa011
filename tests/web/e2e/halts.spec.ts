// Halts of trading: the bar over every screen, halting and resuming from the page.
import type { Page } from "@playwright/test";
import { expect, state, test } from "./page";
import { Wire } from "./wire";

const bar = (page: Page) => page.getByRole("region", { name: "Halts of trading" });

test("trading is halted and resumed from any screen", async ({ page, engine, consoleErrors }) => {
  await page.goto(`${engine.url}/#/log`);
  await expect(state(page)).toHaveText("live");
  await expect(bar(page)).toHaveCount(0);
  await page.getByRole("button", { name: "Halt trading" }).press("Enter");
  const question = page.getByRole("dialog", { name: "Halt trading" });
  await question.getByLabel("Reason").fill("prices look wrong");
  await page.keyboard.press("Enter");
  await expect(question).toHaveCount(0);
  await expect(bar(page).getByRole("alert")).toHaveText(
    /^Trading is halted since \S+ by default: prices look wrong$/,
  );
  await page.getByRole("link", { name: "Submit" }).click();
  await expect(bar(page)).toBeVisible();
  await page.getByRole("button", { name: "Submit order" }).click();
  await expect(page.getByRole("region", { name: "New order" })).toContainText("prices look wrong");
  await bar(page).getByRole("button", { name: "Resume: Trading" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume", exact: true }).click();
  await expect(bar(page)).toHaveCount(0);
  await page.getByRole("button", { name: "Submit order" }).click();
  await expect(page.getByRole("region", { name: "The order you submitted" })).toBeVisible();
  // The browser reports the 503 of the refusal. Other errors fail the test.
  expect(consoleErrors.filter((error) => !error.includes("503"))).toEqual([]);
  consoleErrors.length = 0;
});

test("halts of other callers are shown live, several at once, and each has its own end", async ({
  page,
  engine,
}) => {
  await engine.halt({ token: "USDC" }, "depeg");
  await page.goto(engine.url);
  await expect(bar(page).getByRole("listitem")).toHaveCount(1);
  await expect(bar(page)).toContainText("Token USDC is halted");
  await expect(state(page)).toHaveText("live");
  const second = await engine.halt({ venue: "raydium" }, "maintenance");
  await expect(bar(page)).toContainText("Venue raydium is halted");
  await engine.resume(second);
  await expect(bar(page).getByRole("listitem")).toHaveCount(1);
  await expect(bar(page)).toContainText("Token USDC is halted");
});

test("the bar is right after a reconnect", async ({ page, engine, consoleErrors }) => {
  const wire = new Wire(engine);
  await wire.join();
  const first = await engine.halt("all", "drill");
  await page.goto(wire.url);
  await expect(state(page)).toHaveText("live");
  await expect(bar(page)).toContainText("drill");
  await wire.cut();
  await expect(state(page)).toHaveText("disconnected");
  await expect(bar(page)).toContainText("drill");
  await engine.resume(first);
  await engine.halt({ account: "desk" }, "limits under review");
  await wire.join();
  await expect(bar(page)).toContainText("Account desk is halted");
  await expect(bar(page).getByRole("listitem")).toHaveCount(1);
  await wire.cut();
  consoleErrors.length = 0; // of the time without an engine
});

test("a scope that the engine does not know is refused in the question", async ({
  page,
  engine,
  consoleErrors,
}) => {
  await page.goto(engine.url);
  await page.getByRole("button", { name: "Halt trading" }).click();
  await page.getByLabel("Scope").selectOption("One account");
  await page.getByLabel("Which account").fill("not a name");
  await page.getByLabel("Reason").fill("drill");
  await page.getByRole("button", { name: "Halt account not a name" }).click();
  const question = page.getByRole("dialog", { name: "Halt trading" });
  await expect(question.locator(".notice.bad")).toContainText("scope");
  await expect(question.getByLabel("Reason")).toHaveValue("drill");
  await page.keyboard.press("Escape");
  await expect(question).toHaveCount(0);
  expect(consoleErrors.filter((error) => !error.includes("422"))).toEqual([]);
  consoleErrors.length = 0;
});

test("at 390 px the bar and its question fit", async ({ page, engine }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await engine.halt("all", "a reason without an end, ".repeat(10));
  await engine.halt({ account: "a".repeat(64) }, "x".repeat(256));
  await page.goto(engine.url);
  await expect(bar(page).getByRole("listitem")).toHaveCount(2);
  const broad = () =>
    page.evaluate(() =>
      [...document.querySelectorAll("html, .halts, .top, dialog")]
        .filter((part) => part.scrollWidth > part.clientWidth)
        .map((part) => part.className || part.tagName),
    );
  expect(await broad()).toEqual([]);
  await page.getByRole("button", { name: "Halt trading" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  expect(await broad()).toEqual([]);
});
