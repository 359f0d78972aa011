// Cancels all open orders, or those of a token, after a question; then the counts.
import { useState } from "preact/hooks";
import { api } from "../data/api";
import type { CancelCounts, Order } from "../data/types";
import { count } from "../format";
import { useAct } from "../ui/act";
import { Dialog, Failure } from "../ui/pieces";

export function CancelAll({ orders }: { orders: Order[] }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Cancel all…
      </button>
      {open && <Question orders={orders} onClose={() => setOpen(false)} />}
    </>
  );
}

function Question({ orders, onClose }: { orders: Order[]; onClose: () => void }) {
  const [token, setToken] = useState("");
  const [counts, setCounts] = useState<CancelCounts>();
  const { busy, error, run } = useAct(
    async () => setCounts(await api.cancelAll(token)),
    () => {},
  );
  const tokens = new Set(
    orders.flatMap(({ inputToken = "", outputToken = "" }) => [inputToken, outputToken]),
  );
  return (
    <Dialog title="Cancel all open orders?" onClose={onClose}>
      <p>
        Orders with a live attempt end when the venue has ended it. Without the role{" "}
        <code>operate</code> only the orders of your own account are cancelled.
      </p>
      <p class="inline">
        <label for="cancel-token">Those that sell or buy</label>
        <select
          id="cancel-token"
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
        >
          <option value="">any token</option>
          {[...tokens]
            .filter(Boolean)
            .sort()
            .map((each) => (
              <option key={each}>{each}</option>
            ))}
        </select>
      </p>
      {counts && (
        <p role="status">
          {count(counts.cancelled)} cancelled, {count(counts.requested)} asked of the venue,{" "}
          {count(counts.ended)} had ended, {count(counts.failed)} failed.
        </p>
      )}
      {error !== undefined && <Failure error={error} />}
      <div class="buttons">
        <button type="button" onClick={onClose}>
          {counts ? "Close" : "Leave them"}
        </button>
        <button type="button" class="danger" disabled={busy} onClick={run}>
          Cancel {token ? `orders of ${token}` : "all orders"}
        </button>
      </div>
    </Dialog>
  );
}
