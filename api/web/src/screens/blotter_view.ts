// The view of the blotter, as it is stored in the URL, and the orders that belong to it.
import type { OrdersQuery } from "../data/api";
import { type Order, type Status, statuses } from "../data/types";

export interface BlotterView {
  status: Status | "";
  token: string;
  venue: string;
  since: string; // a key of `spans`, or an RFC 3339 time
  search: string;
}

export const spans: Record<string, { label: string; ms: number }> = {
  "5m": { label: "Last 5 minutes", ms: 300_000 },
  "1h": { label: "Last hour", ms: 3_600_000 },
  "24h": { label: "Last 24 hours", ms: 86_400_000 },
};

export function viewOf(parameters: URLSearchParams): BlotterView {
  const status = parameters.get("status") ?? "";
  return {
    status: statuses.find((each) => each === status) ?? "",
    token: (parameters.get("token") ?? "").toUpperCase(),
    venue: (parameters.get("venue") ?? "").toLowerCase(),
    since: parameters.get("since") ?? "",
    search: (parameters.get("q") ?? "").trim(),
  };
}

export function sinceTime(since: string, now: number): string {
  const span = spans[since];
  return span ? new Date(now - span.ms).toISOString() : since;
}

// The part of the filter that the engine applies. The page itself does the search: it finds ids by
// their beginning, and looks up a complete id beside the list.
export function queryOf(view: BlotterView, now: number): OrdersQuery {
  return {
    status: view.status || undefined,
    token: view.token || undefined,
    venue: view.venue || undefined,
    since: sinceTime(view.since, now) || undefined,
  };
}

export function keeper(
  view: BlotterView,
  readBackTo: string,
  now: number,
): (order: Order) => boolean {
  const since = sinceTime(view.since, now);
  const search = view.search.toLowerCase();
  return (order) =>
    order.createdAt >= since &&
    (order.createdAt >= readBackTo || isNamed(order, search)) &&
    (!view.status || order.status === view.status) &&
    (!view.token || order.inputToken === view.token || order.outputToken === view.token) &&
    (!view.venue || order.venue === view.venue) &&
    (!search || found(order, search));
}

// Ids are found by their beginning, so that a paste and a few typed characters both work.
function found(order: Order, search: string): boolean {
  return (
    order.orderId.startsWith(search) ||
    (order.clientOrderId ?? "").toLowerCase().startsWith(search) ||
    (order.txHash ?? "").toLowerCase().startsWith(search)
  );
}

// The search is a complete id: the order was looked up, even when the list is not read that far
// back.
const isNamed = ({ orderId, clientOrderId, txHash }: Order, search: string) =>
  [orderId, clientOrderId, txHash].some((id) => id?.toLowerCase() === search);
