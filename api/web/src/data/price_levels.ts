// The numbers of a price chart: points, the levels of open orders, range and ticks. For display
// only: no amount is computed from them.
import type { Order } from "./types";

export interface PricePoint {
  at: number; // Unix milliseconds
  price: number;
}
// A price at which open orders wait.
export interface PriceLevel {
  kind: "limit" | "trigger";
  price: number;
  orders: Order[];
}

// Levels further than this from the price are not drawn: they would flatten it.
const nearMax = 0.2;

// More trades would hide the price and take the processor: each point is an element.
export const fillsMax = 100;

// The newest of the trades since a time, as points. The orders are newest first.
export function fillsOf(orders: Order[], since: number): PricePoint[] {
  const fills: PricePoint[] = [];
  for (const { executedPrice, updatedAt } of orders) {
    if (fills.length === fillsMax) break;
    const at = Date.parse(updatedAt);
    if (executedPrice && at >= since) fills.push({ at, price: Number(executedPrice) });
  }
  return fills;
}

// One level for each kind and price, the highest price first.
export function levelsOf(orders: Order[]): PriceLevel[] {
  const levels = new Map<string, PriceLevel>();
  for (const order of orders) {
    for (const [kind, text] of [
      ["limit", order.limitPrice],
      ["trigger", order.triggerPrice],
    ] as const) {
      if (text === undefined) continue;
      const key = `${kind} ${Number(text)}`;
      const level = levels.get(key) ?? { kind, price: Number(text), orders: [] };
      level.orders.push(order);
      levels.set(key, level);
    }
  }
  return [...levels.values()].sort((a, b) => b.price - a.price);
}

export function isNear(level: PriceLevel, price: number): boolean {
  return Math.abs(level.price - price) <= price * nearMax;
}

// By how much the price has to rise (negative: to fall) to reach the order: "+2.31 %".
export function distanceText(order: Order, price: number | undefined): string {
  const target = order.triggerPrice ?? order.limitPrice;
  if (target === undefined || !price) return "–";
  const percent = ((Number(target) - price) / price) * 100;
  return `${percent > 0 ? "+" : ""}${percent.toFixed(2)} %`;
}

export function rangeOf(prices: number[]): [low: number, high: number] {
  const low = Math.min(...prices);
  const high = Math.max(...prices);
  const margin = (high - low) * 0.08 || Math.abs(high) * 0.001 || 1;
  return [low - margin, high + margin];
}

// Round numbers within the range, about `wanted` of them.
export function ticksOf([low, high]: [number, number], wanted: number): number[] {
  const raw = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5].find((each) => each * power >= raw) ?? 10) * power;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) ticks.push(i * step);
  return ticks;
}
