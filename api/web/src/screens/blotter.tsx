// The blotter: every order, newest first, live.
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { wasAway } from "../data/api";
import { logGeneration, onceLive, store, storeChanges, touchStore } from "../data/engine";
import { useLive } from "../data/live";
import { lookUp } from "../data/lookup";
import { ordersMax } from "../data/order_store";
import { Pager } from "../data/pager";
import type { Order } from "../data/types";
import { amount, count, errorWords, price } from "../format";
import { href, type Route } from "../route";
import { useLoad } from "../ui/load";
import {
  Empty,
  Failure,
  Hash,
  Loading,
  OrderLink,
  pairOf,
  StaleNotice,
  StatusBadge,
  Time,
} from "../ui/pieces";
import { VirtualList } from "../ui/virtual_list";
import { BlotterFilters } from "./blotter_filters";
import { keeper, queryOf, viewOf } from "./blotter_view";

const rowHeight = 34;
const open = (order: Order) => {
  location.hash = href("order", order.orderId);
};
const keyOf = (order: Order) => order.orderId;

export function BlotterScreen({ route }: { route: Route }) {
  const viewText = route.view.toString();
  const view = useMemo(() => viewOf(route.view), [viewText]);
  const generation = useLive(logGeneration);
  const changes = useLive(storeChanges);
  const [paused, setPaused] = useState<Order[]>();

  const asked = JSON.stringify(queryOf(view, 0));
  const pager = useMemo(() => {
    const sink = {
      addOrders: (orders: Order[]) => {
        store.addOrders(orders);
        touchStore();
      },
    };
    return new Pager(queryOf(view, Date.now()), sink);
  }, [asked, generation]);
  const paging = useLive(pager.state);
  useEffect(() => void pager.next(), [pager]);
  const named = useNamed(view.search, generation);

  const live = useMemo(
    () => store.list(keeper(view, paging.readBackTo, Date.now())),
    [view, paging.readBackTo, changes],
  );
  const rows = useMemo(() => withOlder(paused, live), [paused, live]);
  const waiting = paused ? countNewer(live, paused[0]) : 0;

  // Matches of the page's own filter may be further back than the orders read so far.
  const seeking =
    Boolean(view.search) &&
    !named.value?.length &&
    rows.length < 50 &&
    !paging.done &&
    !paging.error &&
    !store.trimmed;
  useEffect(() => {
    if (seeking && !paging.loading) void pager.next();
  }, [seeking, paging, pager]);
  const away = wasAway(paging.error);
  useEffect(() => (away ? onceLive(() => void pager.next()) : undefined), [away, pager]);
  const onEnd = useCallback(() => {
    if (!pager.state.value.error && !store.trimmed) void pager.next();
  }, [pager]);

  const togglePause = () => setPaused(paused ? undefined : live);
  useEffect(() => setPaused(undefined), [viewText, generation]);
  useShortcut("p", togglePause);

  return (
    <>
      <StaleNotice />
      <BlotterFilters
        view={view}
        paused={Boolean(paused)}
        waiting={waiting}
        onPause={togglePause}
      />
      {paging.error !== undefined && (
        <Failure error={paging.error} retry={() => void pager.next()} />
      )}
      {named.error !== undefined && <Failure error={named.error} retry={named.reload} />}
      <VirtualList
        class="blotter-list"
        label="Orders, newest first"
        rows={rows}
        keyOf={keyOf}
        rowHeight={rowHeight}
        columns={10}
        head={<Head />}
        draw={(order) => <Row order={order} />}
        onOpen={open}
        onEnd={onEnd}
        foot={
          rows.length > 0 && (
            <Foot
              shown={rows.length}
              read={paging.read}
              loading={paging.loading}
              done={paging.done}
            />
          )
        }
        empty={
          paging.error === undefined && (
            <NoRows
              reading={paging.loading || seeking || (paging.read === 0 && !paging.done)}
              searched={seeking ? paging.read : 0}
              filtered={viewText !== ""}
              read={paging.read}
            />
          )
        }
      />
    </>
  );
}

function NoRows(props: { reading: boolean; searched: number; filtered: boolean; read: number }) {
  if (props.reading) {
    const searched = props.searched > 0 && `older orders, ${count(props.searched)} searched so far`;
    return <Loading what={searched || "orders"} />;
  }
  if (props.filtered) {
    return (
      <Empty title="No order matches these filters">
        {count(props.read)} orders were examined. <a href={href("blotter")}>Show all orders</a>
      </Empty>
    );
  }
  return (
    <Empty title="No orders yet">
      New orders appear here as they are accepted. <a href={href("submit")}>Submit one</a>
    </Empty>
  );
}

// Reads the orders that the search names with a complete id into the store.
function useNamed(search: string, generation: number) {
  const latest = useRef(search);
  latest.current = search;
  return useLoad(`${generation} ${search}`, async () => {
    const orders = search ? await lookUp(search, () => latest.current === search) : [];
    store.addOrders(orders);
    touchStore();
    return orders;
  });
}

// While paused the rows stay as they are. Older orders that are read later are added after them.
function withOlder(paused: Order[] | undefined, live: Order[]): Order[] {
  if (!paused) return live;
  const last = paused[paused.length - 1];
  if (!last) return paused;
  const at = live.findIndex((order) => order.createdAt < last.createdAt);
  return at < 0 ? paused : paused.concat(live.slice(at));
}

function countNewer(live: Order[], newest: Order | undefined): number {
  if (!newest) return live.length;
  const at = live.findIndex((order) => order.createdAt <= newest.createdAt);
  return at < 0 ? live.length : at;
}

export function useShortcut(key: string, run: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = (event.target as Element).closest("input, select, textarea, dialog");
      if (typing || event.key !== key || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      run();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
}

function Head() {
  const names: [string, string][] = [
    ["Accepted", "time"],
    ["Status", "status"],
    ["Pair", "pair"],
    ["Amount in", "right amount"],
    ["Amount out", "right out"],
    ["Price", "right price"],
    ["Venue", "venue"],
    ["Attempts", "right attempts"],
    ["Order", "id"],
    ["Transaction or reason", "tx"],
  ];
  return (
    <>
      {names.map(([name, kind]) => (
        <span key={kind} role="columnheader" class={kind}>
          {name}
        </span>
      ))}
    </>
  );
}

function Row({ order }: { order: Order }) {
  return (
    <>
      <span role="gridcell" class="time">
        <Time at={order.createdAt} withDay />
      </span>
      <span role="gridcell" class="status">
        <StatusBadge status={order.status} />
        {order.outcome && <span class="flag warn">outcome unknown</span>}
        {order.discarded && <span class="flag">discarded</span>}
      </span>
      <span role="gridcell" class="pair">
        {pairOf(order)}
      </span>
      <span role="gridcell" class="right num amount">
        {order.amountIn ? (
          <>
            {amount(order.amountIn)} <small>{order.inputToken}</small>
            <small class="narrow"> → {order.outputToken}</small>
          </>
        ) : (
          "…"
        )}
      </span>
      <span role="gridcell" class="right num out">
        {amount(order.amountOut, 6)} {order.amountOut && <small>{order.outputToken}</small>}
      </span>
      <span role="gridcell" class="right num price" title={order.executedPrice ?? ""}>
        {price(order.executedPrice)}
      </span>
      <span role="gridcell" class="venue">
        {order.venue ?? "–"}
      </span>
      <span role="gridcell" class="right num attempts">
        {order.attempts}
      </span>
      <span role="gridcell" class="id">
        <OrderLink id={order.orderId} />
      </span>
      <span role="gridcell" class="tx">
        {order.error ? (
          <span class="reason" title={order.error}>
            {order.errorClass ? errorWords(order.errorClass) : order.error}
          </span>
        ) : order.txHash ? (
          <Hash text={order.txHash} what="transaction hash" />
        ) : (
          "–"
        )}
      </span>
    </>
  );
}

function Foot(props: { shown: number; read: number; loading: boolean; done: boolean }) {
  const more = store.trimmed
    ? `only the newest ${count(ordersMax)} are kept; narrow the time to see others`
    : props.done
      ? "all read"
      : props.loading
        ? "reading older ones…"
        : "older ones are read as you scroll";
  return (
    <>
      <span class="num">{count(props.shown)} orders shown</span>
      <span class="muted">{more}</span>
      <span class="muted keys">
        <kbd>↑</kbd> <kbd>↓</kbd> move · <kbd>Enter</kbd> open · <kbd>/</kbd> search · <kbd>p</kbd>{" "}
        pause
      </span>
    </>
  );
}
