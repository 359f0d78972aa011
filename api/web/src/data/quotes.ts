// The quotes of one routing. A venue may have several: one of a single pool, and others of paths.
import type { Hop, Quote, QuoteAnswer } from "./types";

// The venue and the path of a chosen quote.
export interface Choice {
  venue?: string;
  path?: Hop[];
  legs?: number; // so many quotes from this one on are chosen, for a split
}

// The choice of GET /v1/quote.
export function choiceOf(route: QuoteAnswer["route"]): Choice | undefined {
  if (!route) return undefined;
  const path = route.legs?.[0]?.path ?? route.path;
  return { venue: route.venue, ...(path && { path }), legs: route.legs?.length ?? 1 };
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

export function isChosen(quote: Quote, choice: Choice | undefined, quotes: Quote[] = []): boolean {
  const is = (each: Quote): boolean =>
    each.venue === choice?.venue && poolsText(each.path) === poolsText(choice?.path);
  const behind = quotes.indexOf(quote) - quotes.findIndex(is);
  return is(quote) || (behind > 0 && behind < (choice?.legs ?? 1) && quotes.some(is));
}

// No offer by itself: the engine only estimated the path, or it is a leg of a split that was not
// chosen.
export function isEstimate({ error }: Quote): boolean {
  return /^not (asked|traded): /.test(error ?? "");
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
