// The page's connection to the engine: one stream, one store, rates and health. Started once.
import { ApiError, api, checkAccess, token } from "./api";
import { Live, Throttle } from "./live";
import { OrderStore } from "./order_store";
import { Rates } from "./rates";
import { Stream } from "./stream";
import type { Health, Update } from "./types";

const healthEveryMs = 2_000;
const redrawEveryMs = 200;
const detailsAfterMs = 50;
const detailsPage = 1000;

function openSocket(): WebSocket {
  const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
  // The engine selects "oee". The other subprotocol contains the token: a browser sets no headers
  // here.
  return token.value ? new WebSocket(url, ["oee", `bearer.${token.value}`]) : new WebSocket(url);
}
async function healthToReaders(): Promise<Health> {
  await checkAccess();
  return api.health();
}

export const store = new OrderStore();
export const rates = new Rates();
export const stream = new Stream({ openSocket, health: healthToReaders });
// Increases when the store has changed, at most five times a second.
export const storeChanges = new Live(0);
// Increases when the engine has another log or accepts another token: lists begin again.
export const logGeneration = new Live(0);
export const health = new Live<{ at: number; value?: Health; error?: string }>({ at: 0 });

type UpdateWatcher = (updates: Update[]) => void;
const updateWatchers = new Set<UpdateWatcher>();
export function watchUpdates(watcher: UpdateWatcher): () => void {
  updateWatchers.add(watcher);
  return () => updateWatchers.delete(watcher);
}

// Calls `run` when the stream is live, to repeat reads that failed without an engine.
export function onceLive(run: () => void): () => void {
  return stream.connection.watch(({ state }) => {
    if (state === "live") run();
  });
}

const redraw = new Throttle(() => storeChanges.set(store.changes), redrawEveryMs);
const details = new Throttle(() => void readDetails(), detailsAfterMs);
export function touchStore(): void {
  redraw.poke();
}

// Updates of the stream do not contain an order's pair and amount. These are read from the log,
// many at once.
async function readDetails(): Promise<void> {
  if (store.bare.size === 0) return;
  const after = Math.min(...store.bare.values()) - 1;
  try {
    const page = await api.events(after, detailsPage, "OrderAccepted");
    const before = store.bare.size;
    store.addAccepted(page.items);
    touchStore();
    // Nothing found: the log does not contain them (it is another log now). They stay without
    // details.
    if (store.bare.size === before) store.bare.clear();
  } catch (cause) {
    if (!(cause instanceof ApiError) || cause.status === 404) return;
    setTimeout(() => details.poke(), 2_000);
    return;
  }
  if (store.bare.size > 0) details.poke();
}

async function readHealth(): Promise<void> {
  try {
    health.set({ at: Date.now(), value: await api.health() });
  } catch (cause) {
    const error = cause instanceof Error ? cause.message : String(cause);
    health.set({ ...health.value, error });
  }
  setTimeout(() => void readHealth(), healthEveryMs);
}

export function startEngine(): void {
  stream.onUpdates = (updates) => {
    store.addUpdates(updates);
    rates.add(updates);
    for (const watcher of [...updateWatchers]) watcher(updates);
    redraw.poke();
    if (store.bare.size > 0) details.poke();
  };
  stream.onNewLog = () => {
    store.clear();
    rates.clear();
    logGeneration.set(logGeneration.value + 1);
    redraw.poke();
  };
  stream.start();
  token.watch(() => {
    stream.stop();
    stream.start();
    logGeneration.set(logGeneration.value + 1);
  });
  void readHealth();
}
