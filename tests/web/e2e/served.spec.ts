// Content that the page reads from the engine: configuration, hashes, searches by complete id.
import type { Page as List, Order, OrderEvent } from "../../../api/web/src/data/types";
import { expect, test } from "./page";

test("the configuration is listed with the origin of each value", async ({ page, engine }) => {
  await page.goto(`${engine.url}/#/system`);
  const settings = page.getByRole("region", { name: "Settings" });
  await expect(settings.getByRole("row", { name: "venue-delay" })).toHaveText(/50ms-150ms\s*flag$/);
  await expect(settings.getByRole("row", { name: "max-attempts" })).toHaveText(/3\s*default$/);
  const stores = page.getByRole("region", { name: "PostgreSQL, Redis, disk" });
  await expect(stores).toContainText("not configured: embedded");
  await expect(stores).toContainText("not configured: in-process");
});

test("an order's records and the log's head have their hashes", async ({ page, engine }) => {
  const id = await engine.place({});
  await engine.ended(id);
  const { items } = await engine.get<List<OrderEvent>>(`/v1/orders/${id}/events`);
  const last = items[items.length - 1] as OrderEvent;
  expect(last.hash).toMatch(/^[0-9a-f]{64}$/);
  await page.goto(`${engine.url}/#/order/${id}`);
  await expect(page.locator(".raws summary").last()).toContainText(last.hash?.slice(0, 6) ?? "");
  // The order was the only one: its last record is the head.
  await page.goto(`${engine.url}/#/log`);
  await expect(page.locator(".verified code")).toHaveText(last.hash ?? "");
});

test("filters and complete ids are sent to the engine", async ({ page, engine }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).search));
  for (const clientOrderId of ["desk/1", "desk/2"]) {
    await engine.ended(await engine.place({ clientOrderId }));
  }
  const found = (query: string) => engine.get<List<Order>>(`/v1/orders?${query}&afterSeq=10`);
  const second = (await found("clientOrderId=desk/2")).items[0] as Order;
  const rows = page.locator(".row:not(.head)");

  await page.goto(`${engine.url}/#/blotter?venue=${second.venue}&token=USDC`);
  await expect(rows).toHaveCount((await found(`venue=${second.venue}&token=USDC`)).items.length);
  expect(asked.some((query) => /token=USDC&venue=/.test(query))).toBe(true);

  await page.goto(`${engine.url}/#/blotter`);
  for (const [name, parameter] of [
    ["desk/2", "clientOrderId"],
    [second.txHash ?? "", "txHash"],
  ] as const) {
    await page.getByRole("searchbox").fill(name);
    await expect(rows).toHaveCount(1);
    await expect(rows).toContainText(second.orderId.slice(-4));
    const wanted = new URLSearchParams({ [parameter]: name }).toString();
    await expect.poll(() => asked.some((query) => query.includes(wanted))).toBe(true);
  }
});
