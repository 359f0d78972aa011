// After an outage the page has every order of that time, once, with its final state.
import type { Engine } from "./engine";
import { expect, state, test } from "./page";
import { rowsOf } from "./rows";
import { Wire } from "./wire";

const flags = ["--quote-delay", "10ms-30ms", "--venue-delay", "200ms-900ms", "--backoff", "100ms"];
const faults = ["--venue-faults", "reject=0.5", "--breaker-failures", "0"];
test.use({ flags: [...flags, "--max-attempts", "2", ...faults] });

// All at the same time, as clients do.
function placeMany(engine: Engine, name: string, orders: number): Promise<string[]> {
  return Promise.all(
    Array.from({ length: orders }, (_, i) => engine.place({ clientOrderId: `${name}-${i}` })),
  );
}

interface Listed {
  status: string;
}
// The state of each order, as the engine returns it from its log.
async function truth(engine: Engine, ids: string[]): Promise<Record<string, string>> {
  const out: Record<string, string> = {};
  for (const id of ids) out[id] = (await engine.get<Listed>(`/v1/orders/${id}`)).status;
  return out;
}

for (const [what, away] of [
  ["a cut connection", async () => {}],
  [
    "a killed engine",
    async (engine: Engine) => {
      await engine.kill();
      await engine.start(); // over the same directory, on the same port
    },
  ],
] as const) {
  test(`after ${what} every order of the outage is shown once, as it ended`, async ({
    page,
    engine,
    consoleErrors,
  }) => {
    const wire = new Wire(engine);
    await wire.join();
    await page.goto(wire.url);
    await expect(state(page)).toHaveText("live");
    const before = await placeMany(engine, "before", 20);
    for (const id of before) await engine.ended(id);
    const open = await placeMany(engine, "open", 40); // some of them will be at a venue
    await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", "61");

    await wire.cut();
    await away(engine);
    const during = await placeMany(engine, "during", 120);
    const ids = [...before, ...open, ...during];
    for (const id of ids) await engine.ended(id);
    await expect(state(page)).toHaveText("disconnected");
    await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", "61");

    await wire.join();
    await expect(state(page)).toHaveText("live");
    await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", String(ids.length + 1));
    const wanted = await truth(engine, ids);
    expect(new Set(Object.values(wanted))).toEqual(new Set(["confirmed", "failed"]));
    const rows = await rowsOf(page);
    expect(rows.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(Object.fromEntries(rows.map(({ id, status }) => [id, status]))).toEqual(wanted);
    // Also the details that the stream does not contain; they are read later.
    await expect
      .poll(async () => (await rowsOf(page)).filter(({ amount }) => !/^1\.5 SOL/.test(amount)))
      .toEqual([]);

    await page.getByRole("link", { name: "System" }).click();
    const facts = page.getByRole("region", { name: "This page" });
    await expect(facts).toContainText("Gaps found and filled0");
    await page.goto("about:blank"); // before the connection is cut
    await wire.cut();
    consoleErrors.length = 0; // of the time without an engine
  });
}

test("screens that were opened during an outage fill when the engine is back", async ({
  page,
  engine,
  consoleErrors,
}) => {
  const id = await engine.place({});
  await engine.ended(id);
  await page.goto(`${engine.url}/#/system`);
  await expect(state(page)).toHaveText("live");
  for (const [link, shown] of [
    ["Log", page.getByRole("gridcell", { name: "Order accepted" })],
    ["Blotter", page.locator(`[id="row-${id}"]`)],
    ["Dead letters", page.getByText(/No dead letters|By cause/)],
  ] as const) {
    await engine.kill();
    await expect(state(page)).toHaveText("disconnected");
    await page.getByRole("link", { name: link }).click();
    await expect(page.locator("main").getByRole("alert")).toContainText("cannot be reached");
    await engine.start();
    await expect(state(page)).toHaveText("live");
    await expect(shown).toBeVisible();
    await expect(page.locator("main").getByRole("alert")).toHaveCount(0);
  }
  consoleErrors.length = 0; // of the times without an engine
});
