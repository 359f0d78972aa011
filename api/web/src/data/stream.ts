// The engine's stream of updates over /ws: every update once, in order of seq, also across
// reconnects and restarts of the engine. The whole page uses one connection.
import { parseJson } from "./json";
import { Live } from "./live";
import type { Health, Update } from "./types";

// Updates read at the start, so that the charts do not begin empty: 300 B each, 3 MB.
const historyUpdates = 10_000;
const retryMsMin = 500;
const retryMsMax = 10_000;
// The browser answers the engine's pings without the page, so the page sends its own.
const pingEveryMs = 10_000;
const silenceMsMax = 25_000;

export type Connection =
  | { state: "connecting" }
  | { state: "catching up" }
  | { state: "live" }
  | { state: "lost"; why: string; retryAt: number };

export interface StreamCounters {
  seq: number; // of the last update received
  received: number;
  reconnects: number;
  gaps: number; // found by the check of seqs; each is filled by a new subscription
}

type Frame =
  | { type: "subscribed" | "pong" }
  | { type: "caughtUp"; seq: number }
  | ({ type: "update" } & Update)
  | { type: "updates"; updates: Update[] }
  | { type: "error"; code: string; message: string };

// The functions that the stream needs from the page; tests pass their own.
export interface StreamHost {
  openSocket(): WebSocket;
  health(): Promise<Health>;
}

export class Stream {
  readonly connection = new Live<Connection>({ state: "connecting" });
  readonly counters: StreamCounters = { seq: 0, received: 0, reconnects: 0, gaps: 0 };
  // Called with each batch, in order.
  onUpdates: (updates: Update[]) => void = () => {};
  // The engine has another log or epoch than before: all earlier data is invalid.
  onNewLog: () => void = () => {};

  private socket: WebSocket | undefined;
  private logId: string | undefined;
  private epoch = ""; // of the log; new after each restore of a backup
  private began = false;
  private retryMs = retryMsMin;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private pingTimer: ReturnType<typeof setInterval> | undefined;
  private lastFrameAt = 0;
  private stopped = false;
  private turn = 0; // number of the last connect(); an earlier one that still waits gives up

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
    // The state stays "lost" during retries, so that the display does not flicker.
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
    this.lastFrameAt = Date.now();
    socket.onopen = () => {
      const { seq: after } = this.counters;
      const epoch = this.epoch || undefined;
      socket.send(
        JSON.stringify({ type: "subscribe", channel: "orders", after, epoch, batch: true }),
      );
      this.connection.set({ state: "catching up" });
    };
    socket.onmessage = (message) => {
      if (socket === this.socket) this.take(parseJson<Frame>(String(message.data)));
    };
    socket.onclose = (close) => {
      if (socket === this.socket) this.lose(close.reason || "The connection was closed.");
    };
    this.pingTimer = setInterval(() => {
      if (Date.now() - this.lastFrameAt > silenceMsMax) this.lose("The engine no longer responds.");
      else if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}');
    }, pingEveryMs);
  }

  private beginAt(health: Health): void {
    const head = Number(health["headSeq"] ?? health["projectedSeq"] ?? 0);
    const logId = String(health["logId"] ?? "");
    const epoch = String(health["epoch"] ?? "");
    const sameLog = logId === this.logId && epoch === this.epoch;
    if (this.began && (!sameLog || head < this.counters.seq)) {
      this.began = false;
      this.onNewLog();
    }
    if (!this.began) this.counters.seq = Math.max(0, head - historyUpdates);
    this.logId = logId;
    this.epoch = epoch;
    this.began = true;
  }

  private take(frame: Frame): void {
    this.lastFrameAt = Date.now();
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
      if (update.seq <= this.counters.seq) continue;
      missing = update.seq !== this.counters.seq + 1;
      if (missing) break;
      this.counters.seq = update.seq;
      fresh.push(update);
    }
    this.counters.received += fresh.length;
    if (fresh.length > 0) this.onUpdates(fresh);
    if (missing) {
      this.counters.gaps += 1;
      this.lose("An update was missing; reading again from the last one.");
    }
  }

  private lose(why: string): void {
    this.drop();
    if (this.stopped) return;
    this.counters.reconnects += 1;
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
