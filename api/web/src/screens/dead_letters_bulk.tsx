// Shows what an action does with the selected dead letters, then runs it for each and shows the
// outcome.
import { useState } from "preact/hooks";
import type { Order } from "../data/types";
import { amount, count } from "../format";
import { Dialog, Notice, OrderLink, pairOf } from "../ui/pieces";
import type { requeue } from "./order_actions";

interface Props {
  act: typeof requeue;
  orders: Order[];
  onClose: (done: Set<string>) => void;
}

const listedMax = 50;

export function BulkDialog({ act, orders: given, onClose }: Props) {
  const [orders] = useState(given); // the list behind the dialog keeps changing
  const [outcomes, setOutcomes] = useState(new Map<string, string>()); // "" is success
  const [busy, setBusy] = useState(false);
  const done = new Set([...outcomes].filter(([, why]) => !why).map(([id]) => id));
  const failed = outcomes.size - done.size;
  const left = orders.filter((order) => !done.has(order.orderId));

  const run = async () => {
    setBusy(true);
    const results = new Map(outcomes);
    for (const { orderId } of left) {
      try {
        await act.run(orderId);
        results.set(orderId, "");
      } catch (cause) {
        results.set(orderId, cause instanceof Error ? cause.message : String(cause));
      }
      setOutcomes(new Map(results));
    }
    setBusy(false);
  };

  const first = orders[0];
  const many = orders.length > 1;
  return (
    <Dialog
      title={many ? `${act.name} ${count(orders.length)} orders?` : act.question}
      onClose={() => onClose(done)}
    >
      {first && (
        <p>
          {many
            ? `Each by itself, as for the first: ${lower(act.describe(first))}`
            : act.describe(first)}
        </p>
      )}
      <ul class="preview" tabIndex={0} aria-label="Orders">
        {orders.slice(0, listedMax).map((order) => (
          <li key={order.orderId}>
            <OrderLink id={order.orderId} />
            <span class="num">
              {amount(order.amountIn)} {pairOf(order)}
            </span>
            <span class="outcome">{outcomeText(outcomes.get(order.orderId), order)}</span>
          </li>
        ))}
      </ul>
      {orders.length > listedMax && (
        <p class="muted">and {count(orders.length - listedMax)} more</p>
      )}
      {outcomes.size > 0 && (
        <Notice tone={failed > 0 ? "warn" : "good"}>
          {count(done.size)} of {count(orders.length)} done
          {failed > 0 && `, ${count(failed)} refused`}
        </Notice>
      )}
      <div class="buttons">
        <button type="button" onClick={() => onClose(done)} disabled={busy}>
          {done.size > 0 ? "Close" : "Leave them"}
        </button>
        {left.length > 0 && (
          <button type="button" class="primary" onClick={() => void run()} disabled={busy}>
            {busy ? "Working…" : `${act.name} ${many ? count(left.length) : ""}`.trim()}
          </button>
        )}
      </div>
    </Dialog>
  );
}

const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

function outcomeText(outcome: string | undefined, order: Order): string {
  if (outcome === undefined) return `attempts ${order.attempts}, failed`;
  return outcome === "" ? "done" : outcome;
}
