// One order with all its events, read again when the stream has an update of it.
import { useEffect, useMemo } from "preact/hooks";
import { useLoad } from "../ui/load";
import { api } from "./api";
import { watchUpdates } from "./engine";
import { Throttle } from "./live";
import type { Order, OrderEvent } from "./types";

const rereadEveryMs = 100;

export interface OrderWithEvents {
  order: Order;
  events: OrderEvent[]; // oldest first
}

async function readOrder(id: string): Promise<OrderWithEvents> {
  const events: OrderEvent[] = [];
  let after = 0;
  for (;;) {
    const page = await api.orderEvents(id, after);
    events.push(...page.items);
    if (!page.nextCursor) break;
    after = Number(page.nextCursor);
  }
  // Read after its events, so that the order is never older than they are.
  const order = await api.order(id);
  return { order, events };
}

export function useOrder(id: string) {
  const loaded = useLoad(id, () => readOrder(id));
  const reread = useMemo(() => new Throttle(loaded.reload, rereadEveryMs), [loaded.reload]);
  useEffect(() => {
    const unwatch = watchUpdates((updates) => {
      if (updates.some((update) => update.orderId === id)) reread.poke();
    });
    return () => {
      unwatch();
      reread.cancel();
    };
  }, [id, reread]);
  return loaded;
}
