import { expect, test } from "vitest";
import { errorOf } from "../../../api/web/src/data/api";
import { attemptsOf } from "../../../api/web/src/data/attempts";
import { parseJson } from "../../../api/web/src/data/json";
import {
  acceptHistogram,
  buckets,
  parseMetrics,
  quantile,
} from "../../../api/web/src/data/metrics";
import { Pager } from "../../../api/web/src/data/pager";
import { Rates } from "../../../api/web/src/data/rates";
import { priceDifference } from "../../../api/web/src/data/routes_sample";
import type { Order, OrderEvent, Update } from "../../../api/web/src/data/types";
import { amount, duration, errorWords, price } from "../../../api/web/src/format";

test("a price keeps every digit that the engine sent", () => {
  const text =
    '{"amount":0.123456789012345678,"executedPrice":151.437361333333333,"amountFilled":0.300000000000000001,"price":1e-7,"seq":9007199254740991}';
  expect(parseJson(text)).toEqual({
    amount: "0.123456789012345678",
    executedPrice: "151.437361333333333",
    amountFilled: "0.300000000000000001",
    price: "1e-7",
    seq: 9007199254740991,
  });
});

test("a text that looks like a price stays a text", () => {
  const text = JSON.stringify({ reason: 'said "price":1.50 to me' });
  expect(parseJson(text)).toEqual({ reason: 'said "price":1.50 to me' });
});

test.each([
  ["1234567.891000", "1,234,567.891"],
  ["0.000000001", "0.000000001"],
  ["1000", "1,000"],
  [null, "–"],
])("amount %s is shown as %s", (given, shown) => expect(amount(given)).toBe(shown));

test.each([
  ["151.437361333333333", "151.437"],
  ["0.0000248519", "0.0000248519"],
  ["123456.789", "123,456.78"],
])("price %s is shown as %s", (given, shown) => expect(price(given)).toBe(shown));

test.each([
  [0, "0 s"],
  [0.392, "392 µs"],
  [631, "631 ms"],
  [3190, "3.19 s"],
  [75_000, "1 min 15 s"],
])("%d ms are shown as %s", (ms, shown) => expect(duration(ms)).toBe(shown));

test("a new error class is readable without being known here", () => {
  expect(errorWords("venue_on_holiday")).toBe("Venue on holiday");
});

test("a problem's pointers and parameters name the fields", () => {
  const problem = {
    detail: "amount must be more than zero.",
    code: "invalid_order",
    requestId: "r-1",
    errors: [
      { pointer: "/amount", detail: "must be more than zero" },
      { parameter: "limit", detail: "must be at most 500" },
    ],
  };
  const error = errorOf(422, JSON.stringify(problem));
  expect(error.message).toBe("amount must be more than zero.");
  expect(error.fields).toEqual({ amount: "must be more than zero", limit: "must be at most 500" });
  expect(error.requestId).toBe("r-1");
});

test("an answer that is not a problem is reported by its status", () => {
  expect(errorOf(502, "<html>").message).toBe("The engine answered HTTP 502.");
});

const page = `# HELP x y
oee_accept_seconds_bucket{shard="0",le="0.001"} 50
oee_accept_seconds_bucket{shard="1",le="0.001"} 50
oee_accept_seconds_bucket{shard="0",le="0.01"} 99
oee_accept_seconds_bucket{shard="1",le="0.01"} 101
oee_accept_seconds_bucket{shard="0",le="+Inf"} 100
oee_accept_seconds_bucket{shard="1",le="+Inf"} 101
oee_label{text="a \\"b\\", {c}"} 2.5e3
`;

test("metrics are read with their labels", () => {
  const samples = parseMetrics(page);
  expect(samples).toHaveLength(7);
  expect(samples[6]).toEqual({ name: "oee_label", labels: { text: 'a "b", {c}' }, value: 2500 });
});

test("quantiles come from all label sets of a histogram", () => {
  const samples = parseMetrics(page);
  expect(acceptHistogram(samples)).toEqual({ name: "oee_accept_seconds", unitMs: 1000 });
  const counts = buckets(samples, "oee_accept_seconds");
  expect(quantile(0.25, counts)).toBeCloseTo(0.0005025, 6);
  expect(quantile(0.999, counts)).toBe(0.01); // beyond the last bound: the bound itself
  expect(quantile(0.5, counts, counts)).toBeUndefined();
});

test("a pager's readBackTo is the oldest order read, and empty when all are read", async () => {
  const pages = [
    { items: [{ createdAt: "3" }, { createdAt: "2" }] as Order[], nextCursor: "c" },
    { items: [{ createdAt: "1" }] as Order[] },
  ];
  const asked: (string | undefined)[] = [];
  const pager = new Pager({}, { addOrders: () => {} }, async ({ cursor }) => {
    asked.push(cursor);
    return pages[asked.length - 1] ?? { items: [] };
  });
  await pager.next();
  expect(pager.state.value).toMatchObject({ readBackTo: "2", read: 2, done: false });
  await pager.next();
  await pager.next();
  expect(pager.state.value).toMatchObject({ readBackTo: "", read: 3, done: true });
  expect(asked).toEqual([undefined, "c"]);
});

test("a pager that failed continues where it was", async () => {
  let fail = true;
  const pager = new Pager({}, { addOrders: () => {} }, async () => {
    if (fail) throw new Error("away");
    return { items: [] };
  });
  await pager.next();
  expect(pager.state.value).toMatchObject({
    loading: false,
    done: false,
    error: new Error("away"),
  });
  fail = false;
  await pager.next();
  expect(pager.state.value).toMatchObject({ done: true, error: undefined });
});

const event = (seq: number, type: OrderEvent["type"], data: OrderEvent["data"]): OrderEvent => ({
  seq,
  version: seq,
  type,
  ts: `2026-01-01T00:00:0${seq}.000000Z`,
  data,
});

test("attempts are listed newest first, each with its end", () => {
  const quotes = [{ venue: "raydium", amountOut: "1" }];
  const attempts = attemptsOf([
    event(1, "OrderAccepted", {}),
    event(2, "RoutingStarted", { attempt: 1 }),
    event(3, "RouteSelected", { attempt: 1, venue: "raydium", quotes }),
    event(4, "RouteSelected", { attempt: 1, venue: "raydium", quotes }), // after an interruption
    event(5, "AttemptFailed", { attempt: 1, errorClass: "slippage_exceeded", error: "moved" }),
    event(6, "RoutingStarted", { attempt: 2 }),
    event(7, "OrderCancelled", { by: "default", why: "asked" }),
  ]);
  expect(attempts.map(({ number, result }) => [number, result])).toEqual([
    [2, "ended"],
    [1, "failed"],
  ]);
  expect(attempts[1]).toMatchObject({ venue: "raydium", error: "moved" });
  expect(attempts[1]?.routings.map(({ at }) => at)).toEqual([
    "2026-01-01T00:00:04.000000Z",
    "2026-01-01T00:00:03.000000Z",
  ]);
  expect(attempts[1]?.routings[0]).toMatchObject({ quotes, venue: "raydium" });
});

test("an attempt has the path of its transaction, and a routing that of its chosen quote", () => {
  const path = [
    { pool: "raydium-3", outputToken: "USDT" },
    { pool: "raydium-5", outputToken: "USDC" },
  ];
  const quotes = [{ venue: "raydium" }, { venue: "raydium", path }];
  const [attempt] = attemptsOf([
    event(1, "RoutingStarted", { attempt: 1 }),
    event(2, "RouteSelected", { attempt: 1, venue: "raydium", path, quotes }),
    event(3, "RouteSelected", { attempt: 1, venue: "raydium", quotes }), // after an interruption
  ]);
  expect(attempt?.path).toBeUndefined();
  expect(attempt?.routings.map((routing) => routing.path)).toEqual([undefined, path]);
  const [built] = attemptsOf([event(4, "TransactionBuilt", { attempt: 1, path })]);
  expect(built?.path).toEqual(path);
});

test("a split attempt has its legs, and the amounts of the attempt are its own", () => {
  const path = [{ pool: "raydium-1", outputToken: "USDC" }];
  const quotes = [{ venue: "raydium" }, { venue: "raydium", path }, { venue: "meteora", path: [] }];
  const [attempt] = attemptsOf([
    event(1, "RoutingStarted", { attempt: 1 }),
    event(2, "RouteSelected", { attempt: 1, venue: "raydium", path, quotes, legs: 2 }),
    event(3, "TransactionBuilt", { attempt: 1, path, minOut: "200" }),
    event(4, "LegBuilt", {
      attempt: 1,
      leg: 0,
      venue: "raydium",
      path,
      amountIn: "6",
      minOut: "110",
    }),
    event(5, "LegBuilt", { attempt: 1, leg: 1, venue: "meteora", amountIn: "4", minOut: "90" }),
    event(6, "LegOutcomeUnknown", { attempt: 1, leg: 0, seen: "timeout" }),
    event(7, "LegEnded", { attempt: 1, leg: 1, errorClass: "slippage_exceeded", error: "moved" }),
  ]);
  expect(attempt).toMatchObject({ minOut: "200", result: "outcome unknown" });
  expect(attempt?.error).toBeUndefined();
  expect(attempt?.routings[0]?.legs).toBe(2);
  expect(attempt?.legs).toMatchObject([
    { index: 0, status: "outcome unknown", venue: "raydium", path, amountIn: "6" },
    { index: 1, status: "ended", venue: "meteora", error: "moved" },
  ]);
});

test("rates count in the seconds of the engine's clock, also when updates arrive late", () => {
  const rates = new Rates();
  const base: Omit<Update, "seq" | "ts" | "event"> = {
    orderId: "a",
    status: "pending",
    version: 1,
  };
  rates.add([
    { ...base, seq: 1, ts: "2026-01-01T00:00:01.000000Z", event: "OrderAccepted" },
    { ...base, seq: 2, ts: "2026-01-01T00:00:02.500000Z", event: "OrderConfirmed", dex: "raydium" },
  ]);
  const now = Date.parse("2026-01-01T00:00:03Z") / 1000;
  const [second, third] = rates.window(now, 3); // the first second is incomplete
  expect(second).toMatchObject({ confirmed: 1, durationsMs: [1500], venues: { raydium: 1 } });
  expect(third).toMatchObject({ accepted: 0, confirmed: 0 });
});

test("the price difference is that of the best quotes of the two best venues", () => {
  const path = [{ pool: "b-1", outputToken: "USDC" }];
  const quotes = [
    { venue: "a", amountOut: "99" },
    { venue: "b", amountOut: "99.5" },
    { venue: "b", amountOut: "100", path },
    { venue: "c", error: "late" },
  ];
  expect(priceDifference([event(1, "RouteSelected", { quotes })])).toEqual({
    median: 100,
    routes: 1,
  });
  expect(priceDifference([])).toBeUndefined();
});
