// The difference between the venues' quotes, from the newest routings in the log.
import { api } from "./api";
import { bestOffers } from "./quotes";
import type { OrderEvent } from "./types";

const lookBack = 1_000; // events
const routingsMax = 200;

export async function readRoutes(): Promise<OrderEvent[]> {
  const health = await api.health();
  const head = Number(health["headSeq"] ?? health["projectedSeq"] ?? 0);
  const page = await api.events(Math.max(0, head - lookBack), routingsMax, "RouteSelected");
  return page.items;
}

// In basis points of the best amount out. Only for display: no amount is computed from it.
export function priceDifference(
  routes: OrderEvent[],
): { median: number; routes: number } | undefined {
  const differences = routes.flatMap(({ data }) => {
    const outs = bestOffers(data.quotes ?? []).sort((a, b) => b - a);
    const [best, next] = outs;
    return best && next !== undefined ? [((best - next) / best) * 10_000] : [];
  });
  if (differences.length === 0) return undefined;
  differences.sort((a, b) => a - b);
  return {
    median: differences[Math.floor(differences.length / 2)] as number,
    routes: differences.length,
  };
}
