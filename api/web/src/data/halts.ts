// The halts of trading that are in force: those that the engine lists, with what the stream has
// brought since. The two may arrive in any order.
import { Live } from "./live";
import type { Halt, HaltScope, Update } from "./types";

export class Halts {
  readonly inForce = new Live<Halt[]>([]); // oldest first
  private listed: Halt[] = [];
  private streamed = new Map<number, Halt>();
  private ended = new Set<number>();

  takeList(halts: Halt[]): void {
    this.listed = halts;
    this.show();
  }

  takeUpdates(updates: Update[]): void {
    const news = updates.filter(({ event }) => event.startsWith("Trading"));
    for (const { event, seq, ts, scope = "all", by = "", reason = "", halt } of news) {
      if (event === "TradingHalted")
        this.streamed.set(seq, { haltId: seq, scope, by, reason, since: ts, seq });
      else if (halt !== undefined) this.ended.add(halt);
    }
    if (news.length > 0) this.show();
  }

  clear(): void {
    this.listed = [];
    this.streamed.clear();
    this.ended.clear();
    this.show();
  }

  private show(): void {
    const known = new Map(this.listed.map((halt) => [halt.haltId, halt]));
    for (const [id, halt] of this.streamed) known.set(id, halt);
    for (const id of this.ended) known.delete(id);
    this.inForce.set([...known.values()].sort((a, b) => a.haltId - b.haltId));
  }
}

// "Trading", "Token USDC": the subject of "is halted".
export function scopeWords(scope: HaltScope): string {
  const [kind = "", name] = scope === "all" ? ["Trading"] : (Object.entries(scope)[0] ?? []);
  return name ? `${kind.charAt(0).toUpperCase()}${kind.slice(1)} ${name}` : kind;
}
