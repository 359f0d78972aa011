import { expect, test } from "vitest";
import { OrderStore, ordersMax } from "../../../api/web/src/data/order_store";
import type { Order, Update } from "../../../api/web/src/data/types";

const at = (n: number) => `2026-01-01T00:00:00.${String(n).padStart(6, "0")}Z`;

function order(n: number, changes: Partial<Order> = {}): Order {
  return {
    orderId: `order-${String(n).padStart(6, "0")}`,
    status: "pending",
    inputToken: "SOL",
    outputToken: "USDC",
    amountIn: "1.5",
    attempts: 0,
    venue: null,
    txHash: null,
    amountOut: null,
    executedPrice: null,
    error: null,
    errorClass: null,
    createdAt: at(n),
    updatedAt: at(n),
    seq: n,
    version: 1,
    ...changes,
  };
}
function update(n: number, changes: Partial<Update> = {}): Update {
  const { orderId } = order(n);
  return {
    orderId,
    status: "pending",
    seq: n,
    version: 1,
    ts: at(n),
    event: "OrderAccepted",
    ...changes,
  };
}
const all = () => true;
const ids = (store: OrderStore) => store.list(all).map(({ orderId }) => Number(orderId.slice(6)));

test("orders are listed newest first in any order of arrival", () => {
  const store = new OrderStore();
  store.addOrders([order(30), order(20)]);
  expect(ids(store)).toEqual([30, 20]);
  store.addUpdates([update(40)]);
  store.addOrders([order(10), order(5)]);
  store.addOrders([order(25)]);
  expect(ids(store)).toEqual([40, 30, 25, 20, 10, 5]);
});

test("an order is held once", () => {
  const store = new OrderStore();
  store.addUpdates([update(1)]);
  store.addOrders([order(1), order(1)]);
  expect(store.size).toBe(1);
});

test("an update that comes before its order is applied when the order comes", () => {
  const store = new OrderStore();
  const confirmed: Partial<Update> = { version: 6, status: "confirmed", event: "OrderConfirmed" };
  store.addUpdates([update(1, { ...confirmed, seq: 9, txHash: "tx" })]);
  expect(store.size).toBe(0);
  store.addOrders([order(1, { status: "submitted", version: 5 })]);
  expect(store.get("order-000001")).toMatchObject({
    status: "confirmed",
    version: 6,
    txHash: "tx",
  });
});

test("an older page does not undo an update of the stream", () => {
  const store = new OrderStore();
  store.addUpdates([
    update(1),
    update(1, { version: 2, status: "routing", event: "RoutingStarted" }),
  ]);
  store.addOrders([order(1)]);
  expect(store.get("order-000001")).toMatchObject({
    status: "routing",
    version: 2,
    amountIn: "1.5",
  });
});

test("an older update does not undo a newer page", () => {
  const store = new OrderStore();
  store.addOrders([order(1, { status: "confirmed", version: 6 })]);
  store.addUpdates([update(1, { version: 5, status: "submitted", event: "TransactionSubmitted" })]);
  expect(store.get("order-000001")?.status).toBe("confirmed");
});

test("a live order has its pair, amount and client order id from its first update", () => {
  const store = new OrderStore();
  const terms = { inputToken: "SOL", outputToken: "USDC", clientOrderId: "mine" };
  store.addUpdates([update(7, { ...terms, amount: "2.000000001", orderType: "market" })]);
  expect(store.get("order-000007")).toMatchObject({ ...terms, amountIn: "2.000000001" });
});

test("a page completes an order whose first update has no terms", () => {
  const store = new OrderStore();
  store.addUpdates([update(7)]);
  expect(store.get("order-000007")?.amountIn).toBeUndefined();
  store.addUpdates([update(7, { version: 2, status: "routing", event: "RoutingStarted" })]);
  store.addOrders([order(7)]);
  expect(store.get("order-000007")).toMatchObject({ status: "routing", amountIn: "1.5" });
});

test("a list that was read before stays as it is", () => {
  const store = new OrderStore();
  store.addOrders([order(1)]);
  const before = store.list(all);
  store.addUpdates([update(1, { version: 2, status: "routing", event: "RoutingStarted" })]);
  expect(before[0]?.status).toBe("pending");
});

test("a requeue removes the error and a failure sets it", () => {
  const store = new OrderStore();
  store.addOrders([order(1)]);
  const failure: Partial<Update> = {
    event: "OrderFailed",
    status: "failed",
    errorClass: "no_liquidity",
  };
  store.addUpdates([update(1, { ...failure, version: 2, error: "too little" })]);
  expect(store.get("order-000001")).toMatchObject({ status: "failed", error: "too little" });
  store.addUpdates([update(1, { event: "DeadLetterRequeued", version: 3 })]);
  expect(store.get("order-000001")).toMatchObject({
    status: "pending",
    error: null,
    errorClass: null,
  });
});

test("memory is bounded: the oldest orders are removed, and the store reports it", () => {
  const store = new OrderStore();
  store.addOrders(Array.from({ length: ordersMax + 1 }, (_, i) => order(i)));
  expect(store.size).toBeLessThanOrEqual(ordersMax);
  expect(store.trimmed).toBe(true);
  expect(store.get("order-000000")).toBeUndefined();
  expect(ids(store)[0]).toBe(ordersMax);
});

test("an order that rests is open, and a fill of a part is no sum", () => {
  const store = new OrderStore();
  store.addUpdates([
    update(1),
    update(2, { orderId: order(1).orderId, version: 2, event: "OrderRested", status: "resting" }),
  ]);
  expect(store.openByStatus().get("resting")).toBe(1);
  const fill = { executedPrice: "150", amountFilled: "0.5", amountOut: "75" };
  store.addUpdates([
    update(3, { orderId: order(1).orderId, version: 3, event: "OrderPartiallyFilled", ...fill }),
    update(4, {
      orderId: order(1).orderId,
      version: 4,
      event: "CancelRequested",
      status: "submitted",
    }),
  ]);
  expect(store.get(order(1).orderId)?.amountOut).toBeNull();
  expect(store.get(order(1).orderId)?.cancelRequested).toBe(true);
  store.addUpdates([
    update(5, {
      orderId: order(1).orderId,
      version: 5,
      event: "OrderConfirmed",
      status: "confirmed",
      executedPrice: "151",
      amountOut: "151",
    }),
  ]);
  const ended = store.get(order(1).orderId);
  expect(ended?.status).toBe("confirmed");
  expect(ended?.amountOut).toBeNull();
  expect(ended?.cancelRequested).toBeUndefined();
});

test("a halt of trading is no order", () => {
  const store = new OrderStore();
  const orderId = "00000000-0000-0000-0000-000000000000";
  store.addUpdates([update(1), update(2, { orderId, event: "TradingHalted" })]);
  expect(ids(store)).toEqual([1]);
  expect(store.get(orderId)).toBeUndefined();
  store.addUpdates([update(3, { orderId, version: 2, event: "TradingResumed" })]);
  expect(store.openByStatus().get("pending")).toBe(1);
});

test("an order of the stream has the terms of its first update", () => {
  const store = new OrderStore();
  const terms = { inputToken: "SOL", outputToken: "USDC", amount: "1.5", orderType: "limit" };
  store.addUpdates([update(1, { ...terms, limitPrice: "155.25", timeInForce: "gtc" })]);
  expect(store.get("order-000001")).toMatchObject({
    type: "limit",
    amountIn: "1.5",
    limitPrice: "155.25",
    timeInForce: "gtc",
  });
  expect(store.get("order-000001")).not.toHaveProperty("allowPartial");
});
