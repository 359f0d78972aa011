// Cancel, requeue, discard: only when the order's state allows it, and only after a confirmation.
import { useState } from "preact/hooks";
import { api } from "../data/api";
import { isFinal, type Order } from "../data/types";
import { Dialog, Failure } from "../ui/pieces";
import { AmendQuestion } from "./amend";

interface Act {
  name: string;
  question: string;
  describe: (order: Order) => string;
  run: (id: string) => Promise<unknown>;
}

const cancel: Act = {
  name: "Cancel order",
  question: "Cancel this order?",
  describe: () =>
    "The order ends as cancelled. If a transaction has been built in the meantime, the venue is asked to cancel it.",
  run: api.cancel,
};
export const requeue: Act = {
  name: "Requeue",
  question: "Requeue this order?",
  describe: (order) =>
    `The order becomes pending and is tried again, with attempt ${order.attempts + 1} as the next and a new ` +
    "budget of attempts. The least accepted amount stays as it was first quoted.",
  run: api.requeue,
};
export const discard: Act = {
  name: "Discard",
  question: "Discard this dead letter?",
  describe: () =>
    "The order stays failed for good and leaves the dead letters. This cannot be undone.",
  run: api.discard,
};

function actsOf(order: Order): Act[] {
  if (!isFinal(order)) return order.cancelRequested ? [] : [cancel];
  if (order.status === "failed" && !order.discarded) return [requeue, discard];
  return [];
}

// Not with a live attempt.
const canAmend = ({ status }: Order) => ["pending", "resting", "routing"].includes(status);

export function OrderActions({ order, onDone }: { order: Order; onDone: () => void }) {
  const [asked, setAsked] = useState<Act>();
  const [error, setError] = useState<unknown>();
  const [amending, setAmending] = useState(false);
  const [busy, setBusy] = useState(false);
  const close = () => {
    setAsked(undefined);
    setError(undefined);
  };
  const run = async (act: Act) => {
    setBusy(true);
    try {
      await act.run(order.orderId);
      close();
      onDone();
    } catch (cause) {
      setError(cause);
      onDone();
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="actions">
      {canAmend(order) && (
        <button type="button" onClick={() => setAmending(true)}>
          Amend
        </button>
      )}
      {amending && (
        <AmendQuestion id={order.orderId} onClose={() => setAmending(false)} onDone={onDone} />
      )}
      {actsOf(order).map((act) => (
        <button key={act.name} type="button" onClick={() => setAsked(act)}>
          {act.name}
        </button>
      ))}
      {asked && (
        <Dialog title={asked.question} onClose={close}>
          <p>{asked.describe(order)}</p>
          {error !== undefined && <Failure error={error} />}
          <div class="buttons">
            <button type="button" onClick={close}>
              Leave it
            </button>
            <button type="button" class="primary" disabled={busy} onClick={() => void run(asked)}>
              {asked.name}
            </button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
