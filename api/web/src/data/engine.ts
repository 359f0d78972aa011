// The page's connection to the engine: one stream, one store, rates and health. Started once.
import { api, checkAccess, token } from "./api";
import { Halts } from "./halts";
import { Live, Throttle } from "./live";
import { OrderStore } from "./order_store";
import { Rates } from "./rates";
import { Reread } from "./reread";
import { Stream } from "./stream";
import type { Health, Update } from "./types";

const healthEveryMs = 2_000;
const redrawEveryMs = 200;

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
export const halts = new Halts();
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
export function touchStore(): void {
  redraw.poke();
}

const reread = new Reread(api.order, store, touchStore);
// The order enters the store soon, as the engine has it then.
export function rereadOrder(id: string): void {
  reread.add(id);
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

// A gateway and a token of one account get no list: the page then knows what the stream brings.
async function readHalts(): Promise<void> {
  try {
    halts.takeList((await api.halts()).items);
  } catch {
    // The halts known so far stay.
  }
}

export function startEngine(): void {
  stream.onUpdates = (updates) => {
    store.addUpdates(updates);
    rates.add(updates);
    for (const { event, orderId } of updates) if (event === "OrderAmended") rereadOrder(orderId);
    halts.takeUpdates(updates);
    for (const watcher of [...updateWatchers]) watcher(updates);
    redraw.poke();
  };
  stream.onNewLog = () => {
    store.clear();
    rates.clear();
    halts.clear();
    logGeneration.set(logGeneration.value + 1);
    redraw.poke();
  };
  onceLive(() => void readHalts());
  stream.start();
  token.watch(() => {
    halts.clear();
    stream.stop();
    stream.start();
    logGeneration.set(logGeneration.value + 1);
  });
  void readHealth();
}
