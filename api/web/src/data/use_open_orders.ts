// The open orders that the page knows, and the price of a pair over time.
import { useEffect, useMemo } from "preact/hooks";
import { useLoad } from "../ui/load";
import { api } from "./api";
import {
  logGeneration,
  rereadOrder,
  store,
  storeChanges,
  touchStore,
  watchUpdates,
} from "./engine";
import { useLive } from "./live";
import type { PricePoint } from "./price_levels";
import { isFinal, openStatuses } from "./types";

const readMax = 500; // orders of each status
const quoteEveryMs = 2_000;
const pointsMax = 900; // 30 minutes

// Reads the open orders once; afterwards the stream keeps them.
export function useOpenOrders() {
  const generation = useLive(logGeneration);
  const changes = useLive(storeChanges);
  const read = useLoad(`open ${generation}`, async () => {
    const pages = await Promise.all(
      openStatuses.map((status) => api.orders({ status, limit: readMax })),
    );
    for (const { items } of pages) store.addOrders(items);
    touchStore();
    return { incomplete: pages.some(({ nextCursor }) => nextCursor) };
  });
  useEffect(
    () =>
      watchUpdates((updates) => {
        for (const { orderId, event, status } of updates) {
          // The stream brings a fill, not the sum. An order may have changed its status between
          // the reads of two pages, so that none contains it.
          if (event === "OrderPartiallyFilled" || (status === "resting" && !store.get(orderId)))
            rereadOrder(orderId);
        }
      }),
    [],
  );
  const orders = useMemo(() => store.list((order) => !isFinal(order)), [changes, read.value]);
  return { orders, read };
}

const tracks = new Map<string, PricePoint[]>(); // by pair; kept while other screens are shown

// The price of the route that an order of this amount would take, as seen since the page began.
export function usePrices(inputToken: string, outputToken: string, amount: string) {
  const pair = `${inputToken} ${outputToken}`;
  return useLoad(
    pair,
    async (): Promise<PricePoint[]> => {
      const known = tracks.get(pair) ?? [];
      if (!amount) return known;
      const { route } = await api.quote({ inputToken, outputToken, amount });
      if (!route) return known;
      const point = { at: Date.now(), price: Number(route.price) };
      const points = [...known, point].slice(-pointsMax);
      tracks.set(pair, points);
      return points;
    },
    quoteEveryMs,
  );
}
