// What the blotter shows, as the URL holds it, and which orders belong to it.
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

// The part of the filter that the engine applies. The rest is the page's own: the engine has no filter
// by venue or hash, and a token may stand on either side of the pair.
export function queryOf(view: BlotterView, now: number): OrdersQuery {
  return {
    status: view.status || undefined,
    since: sinceTime(view.since, now) || undefined,
  };
}

export function keeper(view: BlotterView, floor: string, now: number): (order: Order) => boolean {
  const since = sinceTime(view.since, now);
  const oldest = since > floor ? since : floor;
  const search = view.search.toLowerCase();
  return (order) =>
    order.createdAt >= oldest &&
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

export const isOrderId = (text: string) =>
  /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);
