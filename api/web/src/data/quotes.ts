// The quotes of one routing. A venue may have several: one of a single pool, and others of paths.
import type { Hop, Quote } from "./types";

// The venue and the path of a chosen quote.
export interface Choice {
  venue?: string;
  path?: Hop[];
}

// "SOL › USDT › USDC"
export function tokensText(input: string, path: Hop[]): string {
  return [input, ...path.map(({ outputToken }) => outputToken)].join(" › ");
}

// "raydium-3, raydium-5"; empty without a path
export function poolsText(path: Hop[] | undefined): string {
  return (path ?? []).map(({ pool }) => pool).join(", ");
}

// " through USDT"; empty without a path
export function throughText(path: Hop[] | undefined): string {
  const tokens = (path ?? []).slice(0, -1).map(({ outputToken }) => outputToken);
  return tokens.length === 0 ? "" : ` through ${tokens.join(" and ")}`;
}

export function isChosen(quote: Quote, choice: Choice | undefined): boolean {
  return quote.venue === choice?.venue && poolsText(quote.path) === poolsText(choice?.path);
}

// The engine only estimated the path. No venue was asked for a quote.
export function isEstimate({ error }: Quote): boolean {
  return error?.startsWith("not asked: ") ?? false;
}

// Why the quote was not chosen; empty: it was.
export function reasonText(quote: Quote): string {
  if (isEstimate(quote)) return `N${quote.error?.slice(1)}`;
  if (quote.error) return `No quote: ${quote.error}`;
  return quote.lostBecause ? `Not chosen: ${quote.lostBecause}` : "";
}

// The best amount of each venue: its most output, or the least input of an exact output. Only for
// display: no amount is computed from it.
export function bestOffers(quotes: Quote[], exactOutput = false): number[] {
  const best = new Map<string, number>();
  for (const { venue, amountIn, amountOut } of quotes) {
    const offer = exactOutput ? amountIn : amountOut;
    if (!offer) continue;
    const before = best.get(venue) ?? Number(offer);
    const better = exactOutput ? Math.min : Math.max;
    best.set(venue, better(before, Number(offer)));
  }
  return [...best.values()];
}
