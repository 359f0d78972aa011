// Groups an order's events by attempt: quotes, transaction, and the end of each. Pure.
import type { Hop, OrderEvent, Quote } from "./types";

// One routing: the venues' quotes at one time. An interrupted attempt has several.
export interface Routing {
  at: string;
  quotes: Quote[];
  venue?: string; // of the chosen quote, like the path
  path?: Hop[];
  legs?: number; // of a split: so many quotes are chosen
}

// One transaction of a split attempt.
export interface Leg {
  index: number;
  status: "built" | "submitted" | "outcome unknown" | "filled" | "ended";
  venue: string;
  path: Hop[];
  amountIn: string;
  minOut: string;
  txHash?: string;
  amountOut?: string; // of a filled leg
  executedPrice?: string;
  errorClass?: string; // of one that never trades
  error?: string;
}

export interface Attempt {
  number: number;
  begunAt: string;
  endedAt?: string;
  result: "running" | "confirmed" | "filled in part" | "failed" | "outcome unknown" | "ended";
  routings: Routing[]; // newest first
  legs: Leg[]; // of a split attempt
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
      legs: [],
    };
    attempts.set(data.attempt, attempt);
    if (event.type.startsWith("Leg")) applyToLeg(attempt, event);
    else apply(attempt, event);
  }
  return [...attempts.values()].reverse();
}

const legStatus: Partial<Record<OrderEvent["type"], Leg["status"]>> = {
  LegBuilt: "built",
  LegSubmitted: "submitted",
  LegOutcomeUnknown: "outcome unknown",
  LegFilled: "filled",
  LegEnded: "ended",
};

function applyToLeg(attempt: Attempt, { type, data }: OrderEvent): void {
  const { leg: index = 0, venue = "", path = [], amountIn = "", minOut = "" } = data;
  if (type === "LegBuilt") {
    attempt.legs.push({ index, status: "built", venue, path, amountIn, minOut });
  }
  const leg = attempt.legs.find((each) => each.index === index);
  if (!leg) return;
  leg.status = legStatus[type] ?? leg.status;
  const { txHash, amountOut, executedPrice, errorClass, error } = data;
  for (const [key, value] of Object.entries({
    txHash,
    amountOut,
    executedPrice,
    errorClass,
    error,
  })) {
    if (value !== undefined) Object.assign(leg, { [key]: value });
  }
  const unknown = attempt.legs.some(({ status }) => status === "outcome unknown");
  attempt.result = unknown ? "outcome unknown" : "running";
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
  const { quotes, venue, path, legs } = data;
  if (quotes) {
    const choice = { ...(venue && { venue }), ...(path && { path }), ...(legs && { legs }) };
    const routing = { at: ts, quotes, ...choice };
    attempt.routings = [routing, ...attempt.routings];
  }
  if (type === "TransactionBuilt" && path) attempt.path = path;
  if (type === "OutcomeUnknown") attempt.result = "outcome unknown";
  if (type === "OrderConfirmed") attempt.result = "confirmed";
  if (type === "OrderPartiallyFilled") attempt.result = "filled in part";
  if (type === "AttemptFailed" || type === "OrderFailed") attempt.result = "failed";
  if (["confirmed", "filled in part", "failed"].includes(attempt.result)) attempt.endedAt = ts;
}
