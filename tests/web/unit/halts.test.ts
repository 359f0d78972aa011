import { expect, test } from "vitest";
import { Halts, scopeWords } from "../../../api/web/src/data/halts";
import type { Halt, Update } from "../../../api/web/src/data/types";

const since = "2026-01-01T00:00:00.000000Z";
const halt = (haltId: number): Halt => ({
  haltId,
  scope: "all",
  by: "ops",
  reason: "drill",
  since,
  seq: haltId,
});
const base = { orderId: "0", status: "pending" as const, version: 1, ts: since };
const halted = (seq: number): Update => ({
  ...base,
  seq,
  event: "TradingHalted",
  scope: "all",
  by: "ops",
  reason: "drill",
});
const resumed = (seq: number, id: number): Update => ({
  ...base,
  seq,
  event: "TradingResumed",
  halt: id,
});
const ids = (halts: Halts) => halts.inForce.value.map(({ haltId }) => haltId);

test("halts of the list and of the stream are shown once, oldest first", () => {
  const halts = new Halts();
  halts.takeUpdates([halted(9)]);
  halts.takeList([halt(4), halt(9)]);
  expect(ids(halts)).toEqual([4, 9]);
  expect(halts.inForce.value[1]).toEqual(halt(9));
});

test("a list that is older than the stream revives no halt and drops none", () => {
  const halts = new Halts();
  halts.takeUpdates([resumed(7, 4), halted(9)]);
  halts.takeList([halt(4)]);
  expect(ids(halts)).toEqual([9]);
});

test("a halt that a later list does not have has ended", () => {
  const halts = new Halts();
  halts.takeList([halt(4), halt(5)]);
  halts.takeList([halt(5)]);
  expect(ids(halts)).toEqual([5]);
});

test("another log has other halts", () => {
  const halts = new Halts();
  halts.takeUpdates([halted(9), resumed(10, 3)]);
  halts.clear();
  halts.takeList([halt(3)]);
  expect(ids(halts)).toEqual([3]);
});

test("updates of orders change nothing", () => {
  const halts = new Halts();
  let shown = 0;
  halts.inForce.watch(() => shown++);
  halts.takeUpdates([{ ...base, seq: 1, event: "OrderAccepted" }]);
  expect(shown).toBe(0);
});

test.each([
  ["all" as const, "Trading"],
  [{ token: "USDC" }, "Token USDC"],
  [{ account: "desk.1" }, "Account desk.1"],
  [{ venue: "raydium" }, "Venue raydium"],
])("the scope %j is shown as %s", (scope, words) => expect(scopeWords(scope)).toBe(words));
