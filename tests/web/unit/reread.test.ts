import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Reread } from "../../../api/web/src/data/reread";
import type { Order } from "../../../api/web/src/data/types";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

// Orders by id at the version that the page knows; `engine` is that of the next answer.
function fixture(answers: Record<string, number[]>) {
  const known = new Map<string, Order>();
  const asked: string[] = [];
  const read = async (orderId: string) => {
    asked.push(orderId);
    const version = answers[orderId]?.shift();
    if (version === undefined) throw new Error("away");
    return { orderId, version } as Order;
  };
  const sink = {
    get: (id: string) => known.get(id),
    addOrders: (orders: Order[]) => {
      for (const order of orders) {
        if (order.version >= (known.get(order.orderId)?.version ?? 0))
          known.set(order.orderId, order);
      }
    },
  };
  return { known, asked, reread: new Reread(read, sink, () => {}) };
}

test("an order is read once for several changes", async () => {
  const { known, asked, reread } = fixture({ a: [3] });
  for (let i = 0; i < 5; i++) reread.add("a");
  await vi.advanceTimersByTimeAsync(600);
  expect(asked).toEqual(["a"]);
  expect(known.get("a")?.version).toBe(3);
});

test("an answer that the stream has overtaken is read again", async () => {
  const { known, asked, reread } = fixture({ a: [3, 5] });
  known.set("a", { orderId: "a", version: 4 } as Order);
  reread.add("a");
  await vi.advanceTimersByTimeAsync(600);
  expect(asked).toEqual(["a", "a"]);
  expect(known.get("a")?.version).toBe(5);
});

test("many orders are read 20 in half a second, and a failure stops no other", async () => {
  const answers = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`o${i}`, [1]]));
  answers["o0"] = [];
  const { known, asked, reread } = fixture(answers);
  for (const id of Object.keys(answers)) reread.add(id);
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toHaveLength(20);
  await vi.advanceTimersByTimeAsync(600);
  expect(asked).toHaveLength(25);
  expect(known.size).toBe(24);
});
