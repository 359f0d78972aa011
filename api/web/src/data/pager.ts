// Reads the engine's list of orders, newest first, page after page into the store. Orders older
// than `readBackTo` may be incomplete and must not be shown for this filter.
import { api, type OrdersQuery } from "./api";
import { Live } from "./live";
import type { Order, Page } from "./types";

const pageSize = 500;

export interface PagerState {
  readBackTo: string; // createdAt of the oldest order read; "" when all have been
  read: number;
  loading: boolean;
  done: boolean;
  error: unknown;
}
const fresh: PagerState = {
  readBackTo: "~",
  read: 0,
  loading: false,
  done: false,
  error: undefined,
};

interface PagerSink {
  addOrders(orders: Order[]): void;
}
type ReadPage = (query: OrdersQuery) => Promise<Page<Order>>;

export class Pager {
  readonly state = new Live<PagerState>(fresh);
  private cursor: string | undefined;

  constructor(
    private filter: OrdersQuery,
    private sink: PagerSink,
    private read: ReadPage = api.orders,
  ) {}

  async next(): Promise<void> {
    const before = this.state.value;
    if (before.loading || before.done) return;
    this.state.set({ ...before, loading: true, error: undefined });
    try {
      const page = await this.read({ ...this.filter, limit: pageSize, cursor: this.cursor });
      this.sink.addOrders(page.items);
      this.cursor = page.nextCursor;
      const done = !page.nextCursor;
      const oldest = page.items[page.items.length - 1]?.createdAt;
      this.state.set({
        readBackTo: done ? "" : (oldest ?? before.readBackTo),
        read: before.read + page.items.length,
        loading: false,
        done,
        error: undefined,
      });
    } catch (error) {
      this.state.set({ ...before, loading: false, error });
    }
  }
}
