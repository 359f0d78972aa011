// Groups an order's events by attempt: quotes, transaction, and the end of each. Pure.
import type { Hop, OrderEvent, Quote } from "./types";

// One routing: the venues' quotes at one time. An interrupted attempt has several.
export interface Routing {
  at: string;
  quotes: Quote[];
  venue?: string; // of the chosen quote, like the path
  path?: Hop[];
}

export interface Attempt {
  number: number;
  begunAt: string;
  endedAt?: string;
  result: "running" | "confirmed" | "filled in part" | "failed" | "outcome unknown" | "ended";
  routings: Routing[]; // newest first
  venue?: string;
  path?: Hop[]; // of its transaction
  venueOrderId?: string;
  expectedOut?: string;
  minOut?: string;
  quotedPrice?: string;
  validUntilHeight?: number;
  txHash?: string;
  amountOut?: string;
  executedPrice?: string;
  errorClass?: string;
  error?: string;
  retryAt?: string;
}

// Newest first.
export function attemptsOf(events: OrderEvent[]): Attempt[] {
  const attempts = new Map<number, Attempt>();
  for (const event of events) {
    const { data } = event;
    const latest = [...attempts.values()].at(-1);
    if (data.attempt === undefined) {
      if (latest?.result === "running" && /Cancelled|Expired|Rested|Amended/.test(event.type)) {
        Object.assign(latest, { result: "ended", endedAt: event.ts });
      }
      continue;
    }
    const attempt: Attempt = attempts.get(data.attempt) ?? {
      number: data.attempt,
      begunAt: event.ts,
      result: "running",
      routings: [],
    };
    attempts.set(data.attempt, attempt);
    apply(attempt, event);
  }
  return [...attempts.values()].reverse();
}

function apply(attempt: Attempt, { type, ts, data }: OrderEvent): void {
  const known = {
    venue: data.venue,
    venueOrderId: data.venueOrderId,
    expectedOut: data.expectedOut,
    minOut: data.minOut,
    quotedPrice: data.price,
    validUntilHeight: data.validUntilHeight,
    txHash: data.txHash,
    amountOut: data.amountOut,
    executedPrice: data.executedPrice,
    errorClass: data.errorClass,
    error: data.error,
    retryAt: data.retryAt,
  };
  for (const [key, value] of Object.entries(known)) {
    if (value !== undefined) Object.assign(attempt, { [key]: value });
  }
  const { quotes, venue, path } = data;
  if (quotes) {
    const routing = { at: ts, quotes, ...(venue && { venue }), ...(path && { path }) };
    attempt.routings = [routing, ...attempt.routings];
  }
  if (type === "TransactionBuilt" && path) attempt.path = path;
  if (type === "OutcomeUnknown") attempt.result = "outcome unknown";
  if (type === "OrderConfirmed") attempt.result = "confirmed";
  if (type === "OrderPartiallyFilled") attempt.result = "filled in part";
  if (type === "AttemptFailed" || type === "OrderFailed") attempt.result = "failed";
  if (["confirmed", "filled in part", "failed"].includes(attempt.result)) attempt.endedAt = ts;
}
