// All orders that the page knows. Pages of the engine's list and updates of the live stream are
// merged by order version, so they may arrive in any order. Orders are replaced, never changed: a
// list that was read before stays as it is.
import { isFinal, isOfOrder, type Order, openStatuses, type Status, type Update } from "./types";

// About 700 B an order: 150,000 orders take about 100 MB.
export const ordersMax = 150_000;
const orphansMax = 20_000;

interface Slot {
  order: Order;
}

const byCreation = (a: Order, b: Order): number =>
  a.createdAt === b.createdAt
    ? a.orderId < b.orderId
      ? -1
      : Number(a.orderId > b.orderId)
    : a.createdAt < b.createdAt
      ? -1
      : 1;

// The order's venue, amounts and error are those of its attempts, not of one leg.
function withLegUpdate(order: Order, { status, seq, version, ts, outcome }: Update): Order {
  return { ...order, status, seq, version, updatedAt: ts, ...(outcome && { outcome }) };
}

export function withUpdate(order: Order, update: Update): Order {
  if (update.leg !== undefined) return withLegUpdate(order, update);
  const inParts = order.inParts || update.event === "OrderPartiallyFilled";
  const next: Order = {
    ...order,
    status: update.status,
    seq: update.seq,
    version: update.version,
    updatedAt: update.ts,
    venue: update.dex ?? order.venue,
    txHash: update.txHash ?? order.txHash,
    // An update has the amounts of one fill, the order their sums.
    executedPrice: (inParts ? undefined : update.executedPrice) ?? order.executedPrice,
    amountOut: (inParts ? undefined : update.amountOut) ?? order.amountOut,
    attempts: update.attempt ?? order.attempts,
    error:
      update.error ?? (update.event === "AttemptFailed" ? (update.reason ?? null) : order.error),
    errorClass: update.errorClass ?? order.errorClass,
  };
  delete next.outcome;
  delete next.retryAt;
  if (inParts) next.inParts = true;
  if (update.event === "CancelRequested") next.cancelRequested = true;
  if (isFinal(next)) delete next.cancelRequested;
  if (update.outcome) next.outcome = update.outcome;
  if (update.retryAt) next.retryAt = update.retryAt;
  if (update.event === "RoutingStarted") next.attempts = attemptStarted(order, update);
  if (update.event === "DeadLetterDiscarded") next.discarded = true;
  if (update.event === "OrderConfirmed" || update.event === "DeadLetterRequeued") {
    next.error = next.errorClass = null;
  }
  return next;
}

// RoutingStarted does not contain the attempt's number. It is the next one, unless an interrupted
// attempt starts again.
function attemptStarted(order: Order, update: Update): number {
  if (update.attempt) return update.attempt;
  return order.status === "routing" ? Math.max(order.attempts, 1) : order.attempts + 1;
}

const ownTerms = [
  "timeInForce",
  "limitPrice",
  "allowPartial",
  "triggerPrice",
  "triggerWhen",
  "clientOrderId",
] as const;
// The order's fixed parts that its first update has.
function termsOf(update: Update): Partial<Order> {
  const { inputToken, outputToken, amount, orderType } = update;
  if (!inputToken || !outputToken || !amount || !orderType) return {};
  const terms = { inputToken, outputToken, amountIn: amount, type: orderType };
  const own = Object.fromEntries(
    ownTerms.flatMap((name) => (update[name] === undefined ? [] : [[name, update[name]]])),
  );
  return { ...terms, ...own };
}

export class OrderStore {
  private slots: Slot[] = []; // oldest first
  private byId = new Map<string, Slot>();
  // The newest update of each order that no page has contained yet.
  private orphans = new Map<string, Update>();
  changes = 0; // increases with every change
  trimmed = false; // the oldest orders were removed

  get size(): number {
    return this.slots.length;
  }
  get(id: string): Order | undefined {
    return this.byId.get(id)?.order;
  }

  clear(): void {
    this.slots = [];
    this.byId.clear();
    this.orphans.clear();
    this.trimmed = false;
    this.changes += 1;
  }

  addUpdates(updates: Update[]): void {
    const fresh: Order[] = [];
    for (const update of updates) {
      if (!isOfOrder(update.event)) continue;
      const slot = this.byId.get(update.orderId);
      if (slot) {
        if (update.version > slot.order.version) slot.order = withUpdate(slot.order, update);
      } else if (update.event === "OrderAccepted") {
        fresh.push(this.accept(update));
      } else {
        this.keepOrphan(update);
      }
    }
    this.insert(fresh);
    this.changes += 1;
  }

  addOrders(orders: Order[]): void {
    const fresh: Order[] = [];
    for (const order of orders) {
      const slot = this.byId.get(order.orderId);
      if (slot) {
        // Older than the last update of the stream: only the fixed parts are new.
        slot.order = order.version >= slot.order.version ? order : { ...order, ...slot.order };
        continue;
      }
      const later = this.orphans.get(order.orderId);
      this.orphans.delete(order.orderId);
      const current = later && later.version > order.version ? withUpdate(order, later) : order;
      this.byId.set(order.orderId, { order: current });
      fresh.push(current);
    }
    this.insert(fresh);
    this.changes += 1;
  }

  // Newest first, those that `keep` accepts.
  list(keep: (order: Order) => boolean): Order[] {
    const out: Order[] = [];
    for (let i = this.slots.length - 1; i >= 0; i--) {
      const { order } = this.slots[i] as Slot;
      if (keep(order)) out.push(order);
    }
    return out;
  }

  openByStatus(): Map<Status, number> {
    const counts = new Map<Status, number>(openStatuses.map((status) => [status, 0]));
    for (const { order } of this.slots) {
      const seen = counts.get(order.status);
      if (seen !== undefined) counts.set(order.status, seen + 1);
    }
    return counts;
  }

  newest(limit: number): Order[] {
    return this.slots.slice(-limit).map(({ order }) => order);
  }

  private accept(update: Update): Order {
    const order: Order = {
      orderId: update.orderId,
      status: update.status,
      ...termsOf(update),
      attempts: 0,
      venue: null,
      txHash: null,
      amountOut: null,
      executedPrice: null,
      error: null,
      errorClass: null,
      createdAt: update.ts,
      updatedAt: update.ts,
      seq: update.seq,
      version: update.version,
    };
    this.byId.set(order.orderId, { order });
    return order;
  }

  private keepOrphan(update: Update): void {
    this.orphans.delete(update.orderId); // to the end: Map keeps the order of insertion
    this.orphans.set(update.orderId, update);
    if (this.orphans.size <= orphansMax) return;
    const oldest = this.orphans.keys().next();
    if (!oldest.done) this.orphans.delete(oldest.value);
  }

  private insert(fresh: Order[]): void {
    if (fresh.length === 0) return;
    fresh.sort(byCreation);
    const slots = fresh.map((order) => this.byId.get(order.orderId) as Slot);
    const first = fresh[0] as Order;
    const last = fresh[fresh.length - 1] as Order;
    const oldest = this.slots[0]?.order;
    const newest = this.slots[this.slots.length - 1]?.order;
    if (!newest || byCreation(first, newest) > 0) for (const slot of slots) this.slots.push(slot);
    else if (oldest && byCreation(last, oldest) < 0) this.slots = slots.concat(this.slots);
    else this.slots = this.slots.concat(slots).sort((a, b) => byCreation(a.order, b.order));
    this.trim();
  }

  private trim(): void {
    const excess = this.slots.length - ordersMax;
    if (excess <= 0) return;
    for (const { order } of this.slots.splice(0, excess + ordersMax / 20))
      this.byId.delete(order.orderId);
    this.trimmed = true;
  }
}
