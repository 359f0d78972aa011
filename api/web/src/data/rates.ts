// Counts per second from the stream, for the last minutes: accepted orders, ended orders by result,
// their durations and venues. The time is the engine's clock, so that updates replayed after a
// reconnect count in the right seconds.
import type { Update } from "./types";

export const rateSeconds = 300;
const openMax = 200_000;

export interface Second {
  at: number; // Unix seconds
  accepted: number;
  confirmed: number;
  failed: number;
  durationsMs: number[]; // accepted to confirmed, of those confirmed in this second
  venues: Record<string, number>; // confirmed
}

export class Rates {
  private seconds = new Map<number, Second>();
  private acceptedAt = new Map<string, number>();
  newest = 0;
  // Seconds before this are unknown; they do not count as seconds without orders.
  knownSince = nowSeconds();

  clear(): void {
    this.seconds.clear();
    this.acceptedAt.clear();
    this.newest = 0;
    this.knownSince = nowSeconds();
  }

  add(updates: Update[]): void {
    const first = updates[0] && Math.floor(Date.parse(updates[0].ts) / 1000) + 1;
    if (first && first < this.knownSince) this.knownSince = first;
    for (const update of updates) {
      const ms = Date.parse(update.ts);
      const second = this.second(Math.floor(ms / 1000));
      if (update.event === "OrderAccepted") {
        second.accepted += 1;
        if (this.acceptedAt.size < openMax) this.acceptedAt.set(update.orderId, ms);
      } else if (update.event === "OrderConfirmed") {
        second.confirmed += 1;
        const begun = this.acceptedAt.get(update.orderId);
        if (begun !== undefined) second.durationsMs.push(ms - begun);
        const venue = update.dex ?? "unknown";
        second.venues[venue] = (second.venues[venue] ?? 0) + 1;
        this.acceptedAt.delete(update.orderId);
      } else if (update.event === "OrderFailed") {
        second.failed += 1;
        this.acceptedAt.delete(update.orderId);
      } else if (update.event === "OrderCancelled" || update.event === "OrderExpired") {
        this.acceptedAt.delete(update.orderId);
      }
    }
  }

  // The known seconds among the `span` seconds up to `now` (Unix seconds), oldest first, without
  // gaps.
  window(now: number, span = rateSeconds): Second[] {
    const from = Math.max(now - span + 1, this.knownSince);
    return Array.from({ length: Math.max(0, now - from + 1) }, (_, i) => {
      return this.seconds.get(from + i) ?? empty(from + i);
    });
  }

  private second(at: number): Second {
    let found = this.seconds.get(at);
    if (found) return found;
    found = empty(at);
    this.seconds.set(at, found);
    this.newest = Math.max(this.newest, at);
    for (const old of this.seconds.keys()) {
      if (old < this.newest - rateSeconds) this.seconds.delete(old);
    }
    return found;
  }
}

const nowSeconds = () => Math.floor(Date.now() / 1000);

const empty = (at: number): Second => ({
  at,
  accepted: 0,
  confirmed: 0,
  failed: 0,
  durationsMs: [],
  venues: {},
});

export function percentile(sorted: number[], q: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}
