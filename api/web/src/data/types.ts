// The types of the engine's external contract. Amounts and prices are decimal strings with the
// exact text. Times are RFC 3339 in UTC with microseconds, so that they compare as text.

export const statuses = [
  "pending",
  "routing",
  "building",
  "submitted",
  "confirmed",
  "failed",
  "cancelled",
  "expired",
  "resting",
] as const;
export type Status = (typeof statuses)[number];

export const eventTypes = [
  "OrderAccepted",
  "RoutingStarted",
  "RouteSelected",
  "TransactionBuilt",
  "TransactionSubmitted",
  "OutcomeUnknown",
  "OrderConfirmed",
  "AttemptFailed",
  "OrderFailed",
  "OrderCancelled",
  "OrderExpired",
  "DeadLetterRequeued",
  "DeadLetterDiscarded",
  "OutcomeResolved",
  "OrderRested",
  "OrderPartiallyFilled",
  "CancelRequested",
  "OrderAmended",
  "TradingHalted",
  "TradingResumed",
  "OrderTriggered",
  "RiskLimitsChanged",
  "LegBuilt",
  "LegSubmitted",
  "LegOutcomeUnknown",
  "LegFilled",
  "LegEnded",
] as const;
export type EventType = (typeof eventTypes)[number];
// The order id of the events of no order is zeros, and their updates have no status.
export const isOfOrder = (type: EventType): boolean =>
  !type.startsWith("Trading") && type !== "RiskLimitsChanged";

export interface Order {
  orderId: string;
  status: Status;
  outcome?: "unknown";
  cancelRequested?: true; // it ends with its live attempt
  type?: string;
  inputToken?: string; // absent when its first update has no terms and no page contained it yet
  outputToken?: string;
  amountIn?: string;
  slippageBps?: number;
  clientOrderId?: string;
  expiresAt?: string;
  limitPrice?: string;
  timeInForce?: string;
  allowPartial?: true;
  minOutFloor?: string;
  triggerPrice?: string; // with triggerWhen: of a stop order
  triggerWhen?: string;
  minLiquidity?: string; // of a sniper order
  slices?: number; // with interval and randomize: of a twap order
  interval?: string;
  randomize?: number;
  attempts: number;
  venue: string | null;
  minOut?: string | null;
  txHash: string | null;
  outputAmount?: string; // an exact output, for at most amountIn
  amountFilled?: string; // this, amountOut, averagePrice and fee are sums of the fills so far
  amountOut: string | null;
  averagePrice?: string | null;
  executedPrice: string | null;
  fee?: string | null;
  slippageBpsRealised?: number | null;
  error: string | null;
  errorClass: string | null;
  retryAt?: string;
  discarded?: boolean;
  inParts?: true; // the page saw a fill of a part: the sums come with the next list only
  createdAt: string;
  updatedAt: string;
  seq: number;
  version: number;
}

// One pool of a path, and the token that comes out of it.
export interface Hop {
  pool: string;
  outputToken: string;
}

export interface Quote {
  venue: string;
  path?: Hop[]; // absent: one pool, of the venue's choice
  error?: string;
  amountIn?: string; // when it is of a part of the order, or of an exact output
  amountOut?: string;
  price?: string;
  fee?: string;
  priceImpactBps?: number;
  height?: number;
  lostBecause?: string;
}

export type HaltScope = "all" | { account?: string; token?: string; venue?: string };

export interface Halt {
  haltId: number;
  scope: HaltScope;
  by: string;
  reason: string;
  since: string;
  seq: number;
}

export interface EventData {
  attempt?: number;
  leg?: number; // of the events of a leg of a split attempt
  legs?: number; // of RouteSelected of a split attempt: so many quotes are chosen
  account?: string;
  clientOrderId?: string;
  inputToken?: string;
  outputToken?: string;
  amountIn?: string;
  slippageBps?: number;
  orderType?: string;
  limitPrice?: string;
  timeInForce?: string;
  minOutFloor?: string;
  expiresAt?: string | null; // null, on OrderAmended: never
  venue?: string;
  path?: Hop[]; // of the chosen quote, and of the transaction
  quotes?: Quote[];
  venueOrderId?: string;
  expectedOut?: string;
  minOut?: string;
  price?: string;
  validUntilHeight?: number;
  txHash?: string;
  seen?: string;
  amountOut?: string;
  executedPrice?: string;
  fee?: string;
  slippageBpsRealised?: number;
  errorClass?: string;
  error?: string;
  retryAt?: string;
  attemptsMade?: number;
  by?: string;
  why?: string;
  scope?: HaltScope; // on TradingHalted
  halt?: number; // on TradingResumed: the seq of the halt that ends
}

export interface OrderEvent {
  seq: number;
  orderId?: string; // absent in an order's own list
  version: number;
  type: EventType;
  ts: string;
  correlationId?: string;
  hash?: string; // the chain hash; a gateway has none
  data: EventData;
}

// One update of the stream: one event of an order. Only OrderAccepted has the order's terms.
export interface Update {
  orderId: string;
  status: Status;
  seq: number;
  version: number;
  ts: string;
  event: EventType;
  inputToken?: string; // absent in updates that a gateway's database holds from an older engine
  outputToken?: string;
  amount?: string;
  orderType?: string;
  timeInForce?: string;
  limitPrice?: string;
  allowPartial?: true;
  triggerPrice?: string;
  triggerWhen?: string;
  clientOrderId?: string;
  dex?: string;
  price?: string;
  attempt?: number;
  leg?: number; // on the events of a leg, whose dex, txHash and amounts are its own
  txHash?: string;
  executedPrice?: string;
  amountFilled?: string; // of this fill, on OrderPartiallyFilled, like amountOut
  amountOut?: string;
  outcome?: "unknown";
  errorClass?: string;
  error?: string;
  reason?: string;
  retryAt?: string;
  scope?: HaltScope; // on TradingHalted
  halt?: number; // on TradingResumed: the halt that ends
  by?: string; // on both
}

export interface Page<T> {
  items: T[];
  nextCursor?: string;
}

export interface QuoteAnswer {
  inputToken: string;
  outputToken: string;
  amount?: string;
  outputAmount?: string;
  slippageBps: number;
  quotes: Quote[];
  route: {
    venue: string;
    path?: Hop[];
    amountOut: string;
    price: string;
    minOut?: string; // with amount
    amountIn?: string; // with outputAmount
    maxInput?: string; // with outputAmount, when the slippage is a bound
    legs?: Quote[]; // of a split: the quotes of its transactions
  } | null;
}

export interface RiskLimit {
  scope: "account" | "all";
  name: string;
  token?: string; // of an amount
  limit?: string; // absent: none is set
  use?: string; // absent: nothing adds up, the limit is one of each order
}
export interface RiskAnswer {
  limitsHash: string;
  items: RiskLimit[];
}

export interface CancelCounts {
  matched: number;
  cancelled: number;
  requested: number; // an attempt was live: they end with it
  ended: number; // before
  failed: number;
}

export interface DeadLetterCounts {
  dead: number;
  discarded: number;
  byError: Record<string, number>;
  pending: number;
  active: number;
  confirmed: number;
}

// One key of the engine's configuration.
export interface Setting {
  name: string;
  value: string;
  origin: string;
}

export type Health = { status: string; reasons?: string[] } & Record<
  string,
  string | number | boolean | string[] | undefined
>;

export const openStatuses: Status[] = ["pending", "resting", "routing", "building", "submitted"];
export const isFinal = ({ status }: Pick<Order, "status">): boolean =>
  !openStatuses.includes(status);
