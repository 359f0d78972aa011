// Reads orders again of which the stream brings only that they changed: each once, at most 20 in
// half a second.
import { Throttle } from "./live";
import type { Order } from "./types";

const everyMs = 500;
const readsMax = 20;
const waitingMax = 1_000;
const triesMax = 3;

interface Sink {
  get(id: string): Order | undefined;
  addOrders(orders: Order[]): void;
}

export class Reread {
  private waiting = new Set<string>();
  private turn = new Throttle(() => void this.run(), everyMs);

  constructor(
    private read: (id: string) => Promise<Order>,
    private sink: Sink,
    private done: () => void,
  ) {}

  add(id: string): void {
    if (this.waiting.size >= waitingMax) return;
    this.waiting.add(id);
    this.turn.poke();
  }

  private async run(): Promise<void> {
    const ids = [...this.waiting].slice(0, readsMax);
    for (const id of ids) this.waiting.delete(id);
    if (this.waiting.size > 0) this.turn.poke();
    await Promise.all(ids.map((id) => this.readOne(id)));
    this.done();
  }

  // An answer that the stream has overtaken does not have all changes: it is read again.
  private async readOne(id: string): Promise<void> {
    for (let tries = 0; tries < triesMax; tries++) {
      let order: Order;
      try {
        order = await this.read(id);
      } catch {
        return; // the order stays as it is known
      }
      this.sink.addOrders([order]);
      if ((this.sink.get(id)?.version ?? 0) <= order.version) return;
    }
  }
}
