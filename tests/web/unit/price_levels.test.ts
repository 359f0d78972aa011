import { expect, test } from "vitest";
import {
  distanceText,
  fillsMax,
  fillsOf,
  isNear,
  levelsOf,
  rangeOf,
  ticksOf,
} from "../../../api/web/src/data/price_levels";
import type { Order } from "../../../api/web/src/data/types";

const order = (orderId: string, prices: Partial<Order>) => ({ orderId, ...prices }) as Order;

test("each price has one level for each kind, the highest first", () => {
  const levels = levelsOf([
    order("a", { limitPrice: "155.25" }),
    order("b", { limitPrice: "155.250" }),
    order("c", { limitPrice: "140", triggerPrice: "155.25" }),
    order("d", {}),
  ]);
  expect(
    levels.map(({ kind, price, orders }) => [kind, price, orders.map((each) => each.orderId)]),
  ).toEqual([
    ["limit", 155.25, ["a", "b"]],
    ["trigger", 155.25, ["c"]],
    ["limit", 140, ["c"]],
  ]);
});

test("a level within 20 % of the price is near it", () => {
  const [above, below] = levelsOf([
    order("a", { limitPrice: "120" }),
    order("b", { limitPrice: "79" }),
  ]);
  expect(above && isNear(above, 100)).toBe(true);
  expect(below && isNear(below, 100)).toBe(false);
});

test.each([
  [{ limitPrice: "110" }, 100, "+10.00 %"],
  [{ limitPrice: "110", triggerPrice: "95" }, 100, "-5.00 %"],
  [{ limitPrice: "110" }, undefined, "–"],
  [{}, 100, "–"],
])("the distance of %j from %s is %s", (prices, price, text) =>
  expect(distanceText(order("a", prices), price)).toBe(text));

test("the range has all prices within it, also when they are equal", () => {
  const [low, high] = rangeOf([150, 160]);
  expect(low).toBeLessThan(150);
  expect(high).toBeGreaterThan(160);
  const [least, most] = rangeOf([0.00002]);
  expect(least).toBeLessThan(0.00002);
  expect(most).toBeGreaterThan(0.00002);
});

test("ticks are round numbers within the range", () => {
  expect(ticksOf([149.2, 160.8], 5)).toEqual([150, 155, 160]);
  expect(ticksOf([0.000009, 0.000031], 5).map((tick) => tick.toFixed(6))).toEqual([
    "0.000010",
    "0.000015",
    "0.000020",
    "0.000025",
    "0.000030",
  ]);
});

test("only the newest trades since a time are points", () => {
  const at = "2026-01-01T00:00:10.000000Z";
  const traded = order("a", { executedPrice: "150.5", updatedAt: at });
  const open = order("b", { executedPrice: null, updatedAt: at });
  const old = order("c", { executedPrice: "1", updatedAt: "2026-01-01T00:00:09.000000Z" });
  expect(fillsOf([traded, open, old], Date.parse(at))).toEqual([
    { at: Date.parse(at), price: 150.5 },
  ]);
  expect(fillsOf(Array(fillsMax + 1).fill(traded), 0)).toHaveLength(fillsMax);
});
