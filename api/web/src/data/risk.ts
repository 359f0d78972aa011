// The words and the use of risk limits.
import { amount, percentOfBps } from "../format";

// The words of each limit, in the order of the engine's answer.
const words: Record<string, string> = {
  largest_order: "Largest order",
  tokens: "Tokens allowed",
  pairs: "Pairs allowed, sold/bought",
  slippage_bps: "Slippage of an order",
  price_collar_bps: "Distance from the reference price",
  open_orders: "Open orders",
  open_notional: "Open amount",
  day_notional: "Amount of today (UTC)",
  orders_per_second: "Orders in this second",
};
export const limitWords = (name: string) => words[name] ?? name.replaceAll("_", " ");

// The text of a limit in words.
export function limitText(name: string, limit: string): string {
  if (name.endsWith("_bps")) return `at most ${percentOfBps(Number(limit))}`;
  if (name === "tokens" || name === "pairs") return limit.replaceAll(",", ", ") || "none";
  return amount(limit);
}

// The part in use, for the bar only. A limit of zero is used up.
export function shareOf(limit?: string, use?: string): number | undefined {
  if (limit === undefined || use === undefined) return undefined;
  return Number(limit) === 0 ? 1 : Number(use) / Number(limit);
}
