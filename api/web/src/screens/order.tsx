// One order: its state, its events, its attempts, and the actions on it.
import { useEffect, useState } from "preact/hooks";
import { ApiError, api } from "../data/api";
import type { Order } from "../data/types";
import { type OrderWithEvents, useOrder } from "../data/use_order";
import { href, type Route, setView } from "../route";
import { useLoad } from "../ui/load";
import {
  Copy,
  Empty,
  Failure,
  Loading,
  Notice,
  Panel,
  StaleNotice,
  StatusBadge,
  Time,
} from "../ui/pieces";
import { OrderActions } from "./order_actions";
import { Attempts } from "./order_attempts";
import { OrderFacts } from "./order_facts";
import { RawEvents, Timeline } from "./order_timeline";

export function OrderScreen({ route }: { route: Route }) {
  const { id } = route;
  const loaded = useOrder(id);
  if (!loaded.value) {
    if (loaded.loading) return <Loading what="the order" />;
    if (loaded.error instanceof ApiError && loaded.error.status === 404) {
      return (
        <Empty title="There is no such order">
          <span class="mono">{id}</span> is not in this engine's log.{" "}
          <a href={href("blotter")}>Go to the blotter</a>
        </Empty>
      );
    }
    return <Failure error={loaded.error} retry={loaded.reload} />;
  }
  return (
    <>
      <StaleNotice />
      {loaded.error !== undefined && <Failure error={loaded.error} retry={loaded.reload} />}
      <OrderView
        loaded={loaded.value}
        reload={loaded.reload}
        at={Number(route.view.get("at")) || 0}
      />
    </>
  );
}

function OrderView(props: { loaded: OrderWithEvents; reload: () => void; at: number }) {
  const { reload, at } = props;
  const { order, events } = props.loaded;
  const index = events.findIndex((event) => event.seq === at);
  const past = index >= 0 && index < events.length - 1;
  const then = useLoad(`${order.orderId} ${past ? at : 0}`, async () =>
    past ? api.order(order.orderId, at) : undefined,
  );
  const shown = past ? (then.value ?? order) : order;
  const until = past ? events.slice(0, index + 1) : events;
  return (
    <>
      <header class="order-head">
        <div>
          <p class="muted">Order</p>
          <p class="order-id mono">
            {order.orderId}
            <Copy text={order.orderId} what="order id" />
          </p>
        </div>
        <StatusBadge status={order.status} unknown={order.outcome === "unknown"} />
        {order.discarded && <span class="flag">discarded</span>}
        <RetryCountdown order={order} />
        <OrderActions order={order} onDone={reload} />
      </header>
      <Scrubber seqs={events.map((event) => event.seq)} index={past ? index : events.length - 1} />
      {past && (
        <Notice tone="info">
          <span>
            This is the order as it was at seq {at},{" "}
            <Time at={(events[index] as OrderWithEvents["events"][0]).ts} />.
          </span>
          <button type="button" onClick={() => setView({ at: "" })}>
            Back to now
          </button>
        </Notice>
      )}
      {past && then.error !== undefined && <Failure error={then.error} retry={then.reload} />}
      <div class="columns">
        <div>
          <OrderFacts order={shown} />
          <Timeline events={events} until={until.length} />
        </div>
        <div>
          <Attempts events={until} order={order} />
          <Panel title="Raw record">
            <RawEvents events={events} />
          </Panel>
        </div>
      </div>
    </>
  );
}

function RetryCountdown({ order }: { order: Order }) {
  const [now, setNow] = useState(Date.now());
  const wait = order.retryAt ? Date.parse(order.retryAt) - now : 0;
  const waiting = wait > 0;
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [waiting, order.retryAt]);
  if (!waiting) return null;
  return <span class="muted num">next attempt in {(wait / 1000).toFixed(0)} s</span>;
}

function Scrubber({ seqs, index }: { seqs: number[]; index: number }) {
  if (seqs.length < 2) return null;
  const last = seqs.length - 1;
  const go = (to: number) => setView({ at: to >= last ? "" : String(seqs[to]) });
  return (
    <div class="scrubber">
      <label for="scrub">As it was at event</label>
      <button
        type="button"
        class="icon"
        aria-label="One event back"
        disabled={index === 0}
        onClick={() => go(index - 1)}
      >
        ‹
      </button>
      <input
        id="scrub"
        type="range"
        min={0}
        max={last}
        step={1}
        value={index}
        aria-valuetext={`event ${index + 1} of ${seqs.length}, seq ${seqs[index]}`}
        onInput={(event) => go(Number(event.currentTarget.value))}
      />
      <button
        type="button"
        class="icon"
        aria-label="One event on"
        disabled={index === last}
        onClick={() => go(index + 1)}
      >
        ›
      </button>
      <span class="num muted">
        {index + 1} of {seqs.length}, seq {seqs[index]}
      </span>
    </div>
  );
}
