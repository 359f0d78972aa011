// Dead letters: orders whose attempts are used up, by cause; requeue or discard one or many.
import { useEffect, useMemo, useState } from "preact/hooks";
import { api } from "../data/api";
import { store, touchStore, watchUpdates } from "../data/engine";
import { Throttle } from "../data/live";
import type { Order } from "../data/types";
import { useOrder } from "../data/use_order";
import { amount, count, errorWords } from "../format";
import { type Route, setView } from "../route";
import { useLoad } from "../ui/load";
import { Empty, Failure, Loading, OrderLink, Panel, pairOf, StaleNotice, Time } from "../ui/pieces";
import { BulkDialog } from "./dead_letters_bulk";
import { discard, requeue } from "./order_actions";
import { Attempts } from "./order_attempts";

const rereadEveryMs = 1_000;
const shownMax = 200;
const pagesMax = 20; // of 500

interface DeadLetters {
  orders: Order[];
  more: boolean;
}

async function readAll(): Promise<DeadLetters> {
  const orders: Order[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < pagesMax; page++) {
    const { items, nextCursor } = await api.deadLetters(cursor);
    orders.push(...items);
    cursor = nextCursor;
    if (!cursor) break;
  }
  store.addOrders(orders);
  touchStore();
  return { orders: orders.filter((order) => !order.discarded), more: Boolean(cursor) };
}

export function DeadLettersScreen({ route }: { route: Route }) {
  const loaded = useLoad("dead letters", readAll);
  const reread = useMemo(() => new Throttle(loaded.reload, rereadEveryMs), [loaded.reload]);
  useEffect(() => {
    const unwatch = watchUpdates((updates) => {
      if (updates.some(({ event }) => event === "OrderFailed" || event.startsWith("DeadLetter")))
        reread.poke();
    });
    return () => {
      unwatch();
      reread.cancel();
    };
  }, [reread]);

  if (!loaded.value) {
    return loaded.loading ? (
      <Loading what="dead letters" />
    ) : (
      <Failure error={loaded.error} retry={loaded.reload} />
    );
  }
  return (
    <>
      <StaleNotice />
      {loaded.error !== undefined && <Failure error={loaded.error} retry={loaded.reload} />}
      {loaded.value.orders.length === 0 ? (
        <Empty title="No dead letters">
          An order appears here when its last attempt has failed. It then waits to be requeued or
          discarded.
        </Empty>
      ) : (
        <Letters {...loaded.value} cause={route.view.get("cause") ?? ""} onDone={loaded.reload} />
      )}
    </>
  );
}

function Letters(props: DeadLetters & { cause: string; onDone: () => void }) {
  const { orders, cause } = props;
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const [asked, setAsked] = useState<typeof requeue>();
  const groups = useMemo(() => groupByCause(orders), [orders]);
  const shown = cause ? orders.filter((order) => order.errorClass === cause) : orders;
  const selected = shown.filter((order) => chosen.has(order.orderId));
  const all = selected.length === shown.length && shown.length > 0;
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return (
    <>
      <Panel
        title="By cause"
        aside={
          <span class="muted num">
            {count(orders.length)}
            {props.more && " or more"} waiting
          </span>
        }
      >
        <div class="causes">
          <Cause name="" total={orders.length} orders={orders.length} chosen={cause === ""} />
          {groups.map(([name, total]) => (
            <Cause
              key={name}
              name={name}
              total={orders.length}
              orders={total}
              chosen={cause === name}
            />
          ))}
        </div>
      </Panel>
      <Panel
        title={cause ? errorWords(cause) : "All dead letters"}
        aside={
          <div class="buttons">
            <span class="muted num">{count(selected.length)} selected</span>
            <button
              type="button"
              disabled={selected.length === 0}
              onClick={() => setAsked(requeue)}
            >
              Requeue…
            </button>
            <button
              type="button"
              disabled={selected.length === 0}
              onClick={() => setAsked(discard)}
            >
              Discard…
            </button>
          </div>
        }
      >
        <label class="check">
          <input
            type="checkbox"
            checked={all}
            onChange={() =>
              setChosen(all ? new Set() : new Set(shown.map((order) => order.orderId)))
            }
          />
          Select all {count(shown.length)}
        </label>
        <ul class="letters">
          {shown.slice(0, shownMax).map((order) => (
            <Letter
              key={order.orderId}
              order={order}
              chosen={chosen.has(order.orderId)}
              onToggle={() => toggle(order.orderId)}
            />
          ))}
        </ul>
        {shown.length > shownMax && (
          <p class="muted">
            The newest {shownMax} are listed; all {count(shown.length)} can be selected at once.
          </p>
        )}
      </Panel>
      {asked && (
        <BulkDialog
          act={asked}
          orders={selected}
          onClose={(done) => {
            setAsked(undefined);
            setChosen(new Set([...chosen].filter((id) => !done.has(id))));
            if (done.size > 0) props.onDone();
          }}
        />
      )}
    </>
  );
}

function groupByCause(orders: Order[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { errorClass } of orders) {
    counts.set(errorClass ?? "", (counts.get(errorClass ?? "") ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function Cause(props: { name: string; total: number; orders: number; chosen: boolean }) {
  return (
    <button
      type="button"
      class="cause"
      aria-pressed={props.chosen}
      onClick={() => setView({ cause: props.name })}
    >
      <span>{props.name ? errorWords(props.name) : "All causes"}</span>
      <strong class="num">{count(props.orders)}</strong>
      <progress max={props.total} value={props.orders} aria-label="Share of all" />
    </button>
  );
}

function Letter(props: { order: Order; chosen: boolean; onToggle: () => void }) {
  const { order } = props;
  const [open, setOpen] = useState(false);
  return (
    <li>
      <div class="letter">
        <input
          type="checkbox"
          checked={props.chosen}
          onChange={props.onToggle}
          aria-label={`Select order ${order.orderId}`}
        />
        <button
          type="button"
          class="icon"
          aria-expanded={open}
          aria-label={`Attempts of order ${order.orderId}`}
          onClick={() => setOpen(!open)}
        >
          {open ? "▾" : "▸"}
        </button>
        <OrderLink id={order.orderId} />
        <span class="num">
          {amount(order.amountIn)} {pairOf(order)}
        </span>
        <span class="muted num">{order.attempts} attempts</span>
        <span class="reason" title={order.error ?? ""}>
          <strong>{errorWords(order.errorClass ?? "")}</strong> {order.error}
        </span>
        <Time at={order.updatedAt} withDay />
      </div>
      {open && <Details id={order.orderId} />}
    </li>
  );
}

function Details({ id }: { id: string }) {
  const { value, error, reload } = useOrder(id);
  if (error !== undefined) return <Failure error={error} retry={reload} />;
  if (!value) return <Loading what="its attempts" />;
  return <Attempts events={value.events} order={value.order} />;
}
