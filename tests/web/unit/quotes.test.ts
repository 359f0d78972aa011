import { expect, test } from "vitest";
import {
  bestOffers,
  choiceOf,
  isChosen,
  isEstimate,
  poolsText,
  reasonText,
  throughText,
  tokensText,
} from "../../../api/web/src/data/quotes";

const path = [
  { pool: "raydium-3", outputToken: "USDT" },
  { pool: "raydium-5", outputToken: "USDC" },
];
const other = [
  { pool: "raydium-3", outputToken: "USDT" },
  { pool: "raydium-6", outputToken: "USDC" },
];

test("a path is shown by its tokens, and named by its pools", () => {
  expect(tokensText("SOL", path)).toBe("SOL › USDT › USDC");
  expect(poolsText(path)).toBe("raydium-3, raydium-5");
  expect(poolsText(undefined)).toBe("");
  expect(throughText(path)).toBe(" through USDT");
  expect(throughText([{ pool: "raydium-4", outputToken: "JUP" }, ...path])).toBe(
    " through JUP and USDT",
  );
  expect(throughText(undefined)).toBe("");
});

test("the chosen quote is that of the venue and of the path", () => {
  const direct = { venue: "raydium", lostBecause: "3 bps less" };
  const through = { venue: "raydium", path };
  expect(isChosen(through, { venue: "raydium", path })).toBe(true);
  expect(isChosen(direct, { venue: "raydium", path })).toBe(false);
  expect(isChosen({ venue: "raydium", path: other }, { venue: "raydium", path })).toBe(false);
  expect(isChosen({ venue: "meteora", path }, { venue: "raydium", path })).toBe(false);
  expect(isChosen(direct, { venue: "raydium" })).toBe(true);
  expect(isChosen(through, { venue: "raydium" })).toBe(false);
  expect(isChosen(direct, undefined)).toBe(false);
});

test("a quote that is not chosen has a reason", () => {
  const estimate = {
    venue: "raydium",
    path: other,
    error: "not asked: 2 bps less",
    lostBecause: "no quote",
  };
  expect(isEstimate(estimate)).toBe(true);
  expect(reasonText(estimate)).toBe("Not asked: 2 bps less");
  expect(reasonText({ venue: "orca", error: "timeout", lostBecause: "no quote" })).toBe(
    "No quote: timeout",
  );
  expect(reasonText({ venue: "orca", lostBecause: "3 bps less" })).toBe("Not chosen: 3 bps less");
  expect(reasonText({ venue: "orca", path })).toBe("");
});

test("each venue has one best offer", () => {
  const quotes = [
    { venue: "raydium", amountIn: "1.02", amountOut: "149" },
    { venue: "meteora", amountIn: "1.01", amountOut: "148" },
    { venue: "raydium", path, amountIn: "1", amountOut: "150" },
    { venue: "raydium", path: other, error: "not asked: 2 bps less" },
  ];
  expect(bestOffers(quotes)).toEqual([150, 148]);
  expect(bestOffers(quotes, true)).toEqual([1, 1.01]);
  expect(bestOffers([])).toEqual([]);
});

test("of a split each leg's quote is chosen", () => {
  const quotes = [
    { venue: "raydium", lostBecause: "less" },
    { venue: "meteora", path: other, error: "not asked: less" },
    { venue: "raydium", path },
    { venue: "meteora", path: path.slice(1) },
  ];
  const route = { venue: "raydium", amountOut: "2", price: "1", legs: quotes.slice(2) };
  const choice = choiceOf(route);
  expect(choice).toEqual({ venue: "raydium", path, legs: 2 });
  expect(quotes.map((quote) => isChosen(quote, choice, quotes))).toEqual([
    false,
    false,
    true,
    true,
  ]);
  expect(choiceOf(null)).toBeUndefined();
});
