// Looks up orders by a complete id, at any position in the list.
import { ApiError, api } from "./api";
import type { Order } from "./types";

const pageSize = 500;

export const isOrderId = (text: string) =>
  /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);
const isTxHash = (text: string) => /^[1-9A-HJ-NP-Za-km-z]{86,88}$/.test(text);
const isClientOrderId = (text: string) => /^[!-~]{1,64}$/.test(text);

// Reads page after page while `wanted`. For each page the engine examines a bounded number of
// orders.
export async function lookUp(id: string, wanted: () => boolean): Promise<Order[]> {
  if (isOrderId(id)) return orderOf(id.toLowerCase());
  if (!isTxHash(id) && !isClientOrderId(id)) return [];
  const filter = isTxHash(id) ? { txHash: id } : { clientOrderId: id };
  const found: Order[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.orders({ ...filter, limit: pageSize, cursor });
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor && wanted());
  return found;
}

async function orderOf(id: string): Promise<Order[]> {
  try {
    return [await api.order(id)];
  } catch (cause) {
    if (cause instanceof ApiError && cause.status === 404) return [];
    throw cause;
  }
}
