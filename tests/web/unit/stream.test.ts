import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Stream } from "../../../api/web/src/data/stream";
import type { Health, Update } from "../../../api/web/src/data/types";

// A socket whose messages the test sends.
class FakeSocket {
  static all: FakeSocket[] = [];
  readyState = 1;
  sent: { after?: number }[] = [];
  onopen = () => {};
  onmessage = (_: { data: string }) => {};
  onclose = (_: { reason: string }) => {};
  constructor() {
    FakeSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as { after?: number });
  }
  close(): void {
    this.readyState = 3;
  }
  receive(message: unknown): void {
    this.onmessage({ data: JSON.stringify(message) });
  }
}

const update = (seq: number): Update => ({
  orderId: "o",
  status: "pending",
  seq,
  version: 1,
  ts: "2026-01-01T00:00:00.000000Z",
  event: "OrderAccepted",
});
const batch = (...seqs: number[]) => ({ type: "updates", updates: seqs.map(update) });

let health: Health;
let taken: number[];
let stream: Stream;
const latest = () => FakeSocket.all[FakeSocket.all.length - 1] as FakeSocket;
async function opened(): Promise<FakeSocket> {
  await vi.advanceTimersByTimeAsync(0);
  latest().onopen();
  return latest();
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", { OPEN: 1 });
  FakeSocket.all = [];
  health = { status: "ok", logId: "a", headSeq: 10 };
  taken = [];
  stream = new Stream({
    openSocket: () => new FakeSocket() as unknown as WebSocket,
    health: async () => health,
  });
  stream.onUpdates = (updates) => taken.push(...updates.map(({ seq }) => seq));
});
afterEach(() => {
  stream.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("it begins a little before the head and is live once caught up", async () => {
  health.headSeq = 12_000;
  stream.start();
  const socket = await opened();
  expect(socket.sent[0]).toMatchObject({ channel: "orders", after: 2_000, batch: true });
  socket.receive({ type: "caughtUp", seq: 12_000 });
  expect(stream.connection.value.state).toBe("live");
});

test("after a lost connection it resumes after the last update", async () => {
  stream.start();
  (await opened()).receive(batch(1, 2, 3));
  latest().onclose({ reason: "" });
  expect(stream.connection.value.state).toBe("lost");
  await vi.advanceTimersByTimeAsync(500);
  const socket = await opened();
  expect(socket.sent[0]).toMatchObject({ after: 3 });
  socket.receive(batch(4));
  expect(taken).toEqual([1, 2, 3, 4]);
});

test("an update is not processed twice", async () => {
  stream.start();
  const socket = await opened();
  socket.receive(batch(1, 2));
  socket.receive(batch(1, 2, 3));
  expect(taken).toEqual([1, 2, 3]);
});

test("a gap is never skipped: it reads again from before the gap", async () => {
  stream.start();
  (await opened()).receive(batch(1, 2, 5));
  expect(taken).toEqual([1, 2]);
  expect(stream.counters.gaps).toBe(1);
  await vi.advanceTimersByTimeAsync(500);
  expect((await opened()).sent[0]).toMatchObject({ after: 2 });
});

test("with another epoch it begins again, and it sends the epoch that it knows", async () => {
  let renewed = 0;
  stream.onNewLog = () => {
    renewed += 1;
  };
  health = { status: "ok", logId: "a", epoch: "1", headSeq: 10 };
  stream.start();
  const socket = await opened();
  expect(socket.sent[0]).toMatchObject({ epoch: "1" });
  socket.receive(batch(1, 2, 3));
  latest().onclose({ reason: "" });
  health = { status: "ok", logId: "a", epoch: "2", headSeq: 20 };
  await vi.advanceTimersByTimeAsync(500);
  expect((await opened()).sent[0]).toMatchObject({ after: 0, epoch: "2" });
  expect(renewed).toBe(1);
});

test("with another log it begins again", async () => {
  let renewed = 0;
  stream.onNewLog = () => {
    renewed += 1;
  };
  stream.start();
  (await opened()).receive(batch(1, 2, 3));
  latest().onclose({ reason: "" });
  health = { status: "ok", logId: "b", headSeq: 1 };
  await vi.advanceTimersByTimeAsync(500);
  expect((await opened()).sent[0]).toMatchObject({ after: 0 });
  expect(renewed).toBe(1);
});

test("it waits longer after each failure in a row", async () => {
  stream.start();
  for (const wait of [500, 1_000, 2_000]) {
    await vi.advanceTimersByTimeAsync(0);
    const before = FakeSocket.all.length;
    latest().onclose({ reason: "" });
    await vi.advanceTimersByTimeAsync(wait - 1);
    expect(FakeSocket.all.length).toBe(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSocket.all.length).toBe(before + 1);
  }
});

test("a connection to a silent engine is given up", async () => {
  stream.start();
  await opened();
  await vi.advanceTimersByTimeAsync(30_000);
  expect(stream.counters.reconnects).toBe(1);
});
