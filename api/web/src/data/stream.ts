// The engine's stream of updates over /ws: every update once, in order of seq, over reconnects and
// restarts of the engine. One connection serves the whole page.
import { parseJson } from "./json";
import { Live } from "./live";
import type { Health, Update } from "./types";

// Read again at the start, so that the charts do not begin empty: 300 B each, 3 MB.
const historyUpdates = 10_000;
const retryMsMin = 500;
const retryMsMax = 10_000;
// The engine's pings are answered by the browser, unseen by the page: it asks by itself.
const pingEveryMs = 10_000;
const silenceMsMax = 25_000;

export type Connection =
  | { state: "connecting" }
  | { state: "catching up" }
  | { state: "live" }
  | { state: "lost"; why: string; retryAt: number };

export interface StreamFacts {
  seq: number; // of the last update taken
  received: number;
  reconnects: number;
  gaps: number; // found by the seq check; each was filled by asking again
}

type Frame =
  | { type: "subscribed" | "pong" }
  | { type: "caughtUp"; seq: number }
  | ({ type: "update" } & Update)
  | { type: "updates"; updates: Update[] }
  | { type: "error"; code: string; message: string };

// What the stream needs of the page; tests give their own.
export interface StreamHost {
  openSocket(): WebSocket;
  health(): Promise<Health>;
}

export class Stream {
  readonly connection = new Live<Connection>({ state: "connecting" });
  readonly facts: StreamFacts = { seq: 0, received: 0, reconnects: 0, gaps: 0 };
  // Called with each batch, in order.
  onUpdates: (updates: Update[]) => void = () => {};
  // The engine has another log than before: nothing that was known holds any more.
  onNewLog: () => void = () => {};

  private socket: WebSocket | undefined;
  private logId: string | undefined;
  private began = false;
  private retryMs = retryMsMin;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private pingTimer: ReturnType<typeof setInterval> | undefined;
  private heardAt = 0;
  private stopped = false;
  private turn = 0; // of connect(): one that waits gives up when another has begun

  constructor(private host: StreamHost) {}

  start(): void {
    this.stopped = false;
    void this.connect();
  }
  stop(): void {
    this.stopped = true;
    this.turn += 1;
    clearTimeout(this.retryTimer);
    this.drop();
  }
  retryNow(): void {
    if (this.connection.value.state !== "lost") return;
    clearTimeout(this.retryTimer);
    void this.connect();
  }

  private async connect(): Promise<void> {
    const mine = ++this.turn;
    this.drop();
    // What is lost stays said to be lost until it is found: nothing flickers with each try.
    if (this.connection.value.state !== "lost") this.connection.set({ state: "connecting" });
    try {
      const health = await this.host.health();
      if (mine !== this.turn) return;
      this.beginAt(health);
    } catch (cause) {
      if (mine === this.turn) this.lose(cause instanceof Error ? cause.message : String(cause));
      return;
    }
    const socket = this.host.openSocket();
    this.socket = socket;
    this.heardAt = Date.now();
    socket.onopen = () => {
      const { seq: after } = this.facts;
      socket.send(JSON.stringify({ type: "subscribe", channel: "orders", after, batch: true }));
      this.connection.set({ state: "catching up" });
    };
    socket.onmessage = (message) => {
      if (socket === this.socket) this.take(parseJson<Frame>(String(message.data)));
    };
    socket.onclose = (close) => {
      if (socket === this.socket) this.lose(close.reason || "The connection was closed.");
    };
    this.pingTimer = setInterval(() => {
      if (Date.now() - this.heardAt > silenceMsMax) this.lose("The engine has gone silent.");
      else if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}');
    }, pingEveryMs);
  }

  private beginAt(health: Health): void {
    const head = Number(health["headSeq"] ?? health["projectedSeq"] ?? 0);
    const logId = String(health["logId"] ?? "");
    if (this.began && (logId !== this.logId || head < this.facts.seq)) {
      this.began = false;
      this.onNewLog();
    }
    if (!this.began) this.facts.seq = Math.max(0, head - historyUpdates);
    this.logId = logId;
    this.began = true;
  }

  private take(frame: Frame): void {
    this.heardAt = Date.now();
    if (frame.type === "updates") this.takeUpdates(frame.updates);
    else if (frame.type === "update") this.takeUpdates([frame]);
    else if (frame.type === "caughtUp") {
      this.retryMs = retryMsMin;
      this.connection.set({ state: "live" });
    } else if (frame.type === "error") this.lose(frame.message);
  }

  private takeUpdates(updates: Update[]): void {
    const fresh: Update[] = [];
    let missing = false;
    for (const update of updates) {
      if (update.seq <= this.facts.seq) continue;
      missing = update.seq !== this.facts.seq + 1;
      if (missing) break;
      this.facts.seq = update.seq;
      fresh.push(update);
    }
    this.facts.received += fresh.length;
    if (fresh.length > 0) this.onUpdates(fresh);
    if (missing) {
      this.facts.gaps += 1;
      this.lose("An update was missing; asking again from the last one.");
    }
  }

  private lose(why: string): void {
    this.drop();
    if (this.stopped) return;
    this.facts.reconnects += 1;
    this.connection.set({ state: "lost", why, retryAt: Date.now() + this.retryMs });
    this.retryTimer = setTimeout(() => void this.connect(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, retryMsMax);
  }

  private drop(): void {
    clearInterval(this.pingTimer);
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }
}
