// The page with an engine that has access control: tokens needed, refused, accepted, removed.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { newToken } from "./engine";
import { expect, state, test } from "./page";

const dir = mkdtempSync(join(tmpdir(), "oee-web-access-"));
const file = join(dir, "access");
const admin = newToken("admin:read,submit,operate");
const viewer = newToken("viewer:read");
const admit = (...who: { line: string }[]) =>
  writeFileSync(file, who.map(({ line }) => line).join(""), { mode: 0o600 });

test.use({
  flags: ["--quote-delay", "5ms", "--venue-delay", "20ms", "--access-file", file],
});
test.beforeAll(() => admit(admin, viewer));
test.afterAll(() => rmSync(dir, { recursive: true }));
test.beforeEach(({ engine }) => {
  engine.token = admin.token;
});
// These tests cause refusals, and the browser reports each. Other errors fail the test.
test.afterEach(({ consoleErrors }) => {
  expect(consoleErrors.filter((error) => !/\b40[13]\b/.test(error))).toEqual([]);
  consoleErrors.length = 0;
});

const question = (page: Page) => page.getByLabel("This engine needs an access token:");
async function give(page: Page, token: string): Promise<void> {
  await question(page).fill(token);
  await page.getByRole("button", { name: "Use this token" }).click();
}

test("a wrong token is refused with a reason, the right one opens reads and the stream", async ({
  page,
  engine,
}) => {
  const first = await engine.place({ amount: "0.25" });
  await engine.ended(first);
  await page.goto(engine.url);
  await expect(question(page)).toBeVisible();
  await expect(page.locator(`[id="row-${first}"]`)).toHaveCount(0);

  await give(page, "oee_wrong");
  await expect(page.getByText("The token is unknown.")).toBeVisible();
  await expect(question(page)).toHaveValue("oee_wrong");
  await give(page, "two words");
  await expect(page.getByText("A token contains no spaces")).toBeVisible();

  await give(page, admin.token);
  await expect(question(page)).toHaveCount(0);
  await expect(page.locator(`[id="row-${first}"]`)).toContainText("0.25 SOL");
  await expect(state(page)).toHaveText("live");
  const live = await engine.place({ amount: "0.75" });
  await expect(page.locator(`[id="row-${live}"]`)).toContainText("0.75 SOL");
  await expect(page.locator(`[id="row-${live}"] .badge`)).toHaveText("confirmed");
  expect(page.url()).not.toContain(admin.token);
  await page.reload(); // the tab keeps it
  await expect(state(page)).toHaveText("live");
  await expect(question(page)).toHaveCount(0);
});

test("without the role to submit, the refusal is shown and nothing typed is lost", async ({
  page,
  engine,
}) => {
  await page.goto(`${engine.url}/#/submit`);
  await give(page, viewer.token);
  await expect(page.getByText("You would get about")).toBeVisible();
  await page.getByLabel("Amount", { exact: true }).fill("3.125");
  await page.getByLabel("Client order id (optional)").fill("keep-me");
  await page.getByRole("button", { name: "Submit order" }).click();
  const form = page.getByRole("region", { name: "New order" });
  await expect(form).toContainText("viewer does not have the role submit.");
  await expect(page.getByLabel("Amount", { exact: true })).toHaveValue("3.125");
  await expect(page.getByLabel("Client order id (optional)")).toHaveValue("keep-me");
  expect(await engine.get("/v1/orders")).toEqual({ items: [] });

  await form.getByRole("button", { name: "Use another token" }).click();
  await page.getByLabel("Another access token:").fill(admin.token);
  await page.getByRole("button", { name: "Use this token" }).click();
  await expect(page.getByLabel("Client order id (optional)")).toHaveValue("keep-me");
  await page.getByRole("button", { name: "Submit order" }).click();
  const mine = page.getByRole("region", { name: "The order you submitted" });
  await expect(mine).toContainText("Order confirmed");
  await expect(mine).toContainText("3.125 SOL → USDC");
});

test("the page asks for a token again when its token is removed", async ({ page, engine }) => {
  const gone = newToken("guest:read");
  admit(admin, viewer, gone);
  engine.hangUp();
  await page.goto(engine.url);
  await give(page, gone.token);
  await expect(state(page)).toHaveText("live");
  admit(admin, viewer);
  engine.hangUp();
  await expect(question(page)).toBeVisible();
  const meanwhile = await engine.place({ amount: "0.5" });
  await give(page, viewer.token);
  await expect(state(page)).toHaveText("live");
  await expect(page.locator(`[id="row-${meanwhile}"] .badge`)).toHaveText("confirmed");
});
