// Reads the log forward from a seq, page by page. At its end it continues when new events are
// written.
import { api } from "./api";
import { Live, Throttle } from "./live";
import type { OrderEvent } from "./types";

const pageSize = 500;
const eventsMax = 100_000;
const followEveryMs = 250;

export interface LogState {
  events: OrderEvent[]; // oldest first
  after: number; // read up to here
  loading: boolean;
  atEnd: boolean;
  error: unknown;
}

export class LogReader {
  readonly state: Live<LogState>;
  private stopped = false;
  private throttle = new Throttle(() => {
    this.state.set({ ...this.state.value, atEnd: false });
    void this.more();
  }, followEveryMs);

  constructor(
    after: number,
    private type: string,
  ) {
    this.state = new Live<LogState>({
      events: [],
      after,
      loading: false,
      atEnd: false,
      error: undefined,
    });
  }

  stop(): void {
    this.stopped = true;
    this.throttle.cancel();
  }
  // New events were written.
  poke(): void {
    this.throttle.poke();
  }

  async more(): Promise<void> {
    this.stopped = false;
    const before = this.state.value;
    if (before.loading || before.atEnd) return;
    this.state.set({ ...before, loading: true, error: undefined });
    try {
      const page = await api.events(before.after, pageSize, this.type || undefined);
      if (this.stopped) return;
      const events = before.events.concat(page.items).slice(-eventsMax);
      const last = events[events.length - 1]?.seq ?? before.after;
      const after = page.nextCursor ? Number(page.nextCursor) : Math.max(last, before.after);
      const state = { events, after, loading: false, atEnd: !page.nextCursor, error: undefined };
      this.state.set(state);
      // With a rare type, a page may be empty and not the last.
      if (page.items.length === 0 && page.nextCursor && after > before.after) void this.more();
    } catch (error) {
      this.state.set({ ...before, loading: false, error });
    }
  }
}

// The seq of the first event at or after the time, by binary search; undefined: there is none.
export async function seqAtTime(iso: string): Promise<number | undefined> {
  const health = await api.health();
  let low = 1;
  let high = Number(health["headSeq"] ?? health["projectedSeq"] ?? 0) + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const event = (await api.events(middle - 1, 1)).items[0];
    if (event && event.ts < iso) low = middle + 1;
    else high = middle;
  }
  return (await api.events(low - 1, 1)).items[0]?.seq;
}
