// The open orders of a pair on its price, each with amend and cancel. Market orders wait for no
// price and are under way for seconds: they are counted only.
import { useState } from "preact/hooks";
import { store } from "../data/engine";
import { orderTypes } from "../data/order_form";
import { distanceText, fillsOf, levelsOf } from "../data/price_levels";
import type { Order } from "../data/types";
import { useOpenOrders, usePrices } from "../data/use_open_orders";
import { amount, localTime, price } from "../format";
import { href, type Route, setView } from "../route";
import {
  Empty,
  Failure,
  Loading,
  Notice,
  OrderLink,
  Panel,
  StaleNotice,
  StatusBadge,
} from "../ui/pieces";
import { PriceChart } from "../ui/price_chart";
import { CancelAll } from "./cancel_all";
import { OrderActions } from "./order_actions";

const rowsMax = 200;
const fillsForMs = 30 * 60_000;

const pairOf = ({ inputToken, outputToken }: Order) => `${inputToken}-${outputToken}`;
const pairWords = (pair: string) => pair.replace("-", " → ");

export function OpenOrdersScreen({ route }: { route: Route }) {
  const { orders: open, read } = useOpenOrders();
  const orders = open.filter(({ type }) => type !== "market");
  const underWay = open.length - orders.length;
  const counts = new Map<string, number>();
  for (const order of orders) counts.set(pairOf(order), (counts.get(pairOf(order)) ?? 0) + 1);
  const wanted = route.view.get("pair") ?? "";
  if (/^\w+-\w+$/.test(wanted) && !counts.has(wanted)) counts.set(wanted, 0);
  const pairs = [...counts.keys()].sort();
  const pair = counts.has(wanted) ? wanted : pairs[0];
  return (
    <>
      <StaleNotice />
      {read.error !== undefined && <Failure error={read.error} retry={read.reload} />}
      {read.value?.incomplete && (
        <Notice tone="warn">
          <span>More orders are open than this screen reads.</span>
          <a href={href("blotter", "", { status: "resting" })}>See all that rest in the blotter</a>
        </Notice>
      )}
      {pair === undefined ? (
        read.loading ? (
          <Loading what="the open orders" />
        ) : (
          <>
            <MarketOrders count={underWay} />
            <Empty title="No order waits for a price">
              <a href={href("submit")}>Submit an order</a>
            </Empty>
          </>
        )
      ) : (
        <>
          <div class="toolbar">
            <select
              aria-label="Pair"
              value={pair}
              onChange={(event) => setView({ pair: event.currentTarget.value })}
            >
              {pairs.map((each) => (
                <option key={each} value={each}>
                  {pairWords(each)} ({counts.get(each)})
                </option>
              ))}
            </select>
            <MarketOrders count={underWay} />
            <span class="gap" />
            <CancelAll orders={open} />
          </div>
          <PairView
            key={pair}
            pair={pair}
            orders={orders.filter((each) => pairOf(each) === pair)}
          />
        </>
      )}
    </>
  );
}

function MarketOrders({ count }: { count: number }) {
  return count === 0 ? null : (
    <a href={href("blotter")}>
      {count === 1 ? "1 market order is" : `${count} market orders are`} under way
    </a>
  );
}

// The least of the amounts: its price is the closest to the spot price.
function leastAmount(orders: Order[]): string {
  const amounts = orders.flatMap(({ amountIn }) => (amountIn ? [amountIn] : []));
  return amounts.sort((a, b) => Number(a) - Number(b))[0] ?? "1";
}

function PairView({ pair, orders }: { pair: string; orders: Order[] }) {
  const [inputToken = "", outputToken = ""] = pair.split("-");
  const quoted = leastAmount(orders);
  const prices = usePrices(inputToken, outputToken, quoted);
  const [chosen, setChosen] = useState<string>();
  const points = prices.value ?? [];
  const newest = points[points.length - 1]?.price;
  const fills = fillsOf(
    store.list(
      (order) =>
        order.executedPrice !== null &&
        order.inputToken === inputToken &&
        order.outputToken === outputToken,
    ),
    Date.now() - fillsForMs,
  );
  return (
    <>
      <Panel
        title={`${outputToken} per ${inputToken}`}
        aside={
          <span class="muted">
            best quote for {amount(quoted)} {inputToken}, every 2 s; dots: newest trades
          </span>
        }
      >
        {prices.error !== undefined && <Failure error={prices.error} retry={prices.reload} />}
        <PriceChart
          pair={`${outputToken} per ${inputToken}`}
          levels={levelsOf(orders)}
          {...{ points, fills, chosen }}
        />
      </Panel>
      <Panel
        title="Open orders"
        aside={
          orders.length > rowsMax && (
            <span class="muted">
              the newest {rowsMax} of {orders.length}
            </span>
          )
        }
      >
        {orders.length === 0 ? (
          <Empty title="No order of this pair is open" />
        ) : (
          <ul class="open-list">
            {orders.slice(0, rowsMax).map((order) => (
              <Row key={order.orderId} order={order} newest={newest} choose={setChosen} />
            ))}
          </ul>
        )}
      </Panel>
    </>
  );
}

interface RowProps {
  order: Order;
  newest: number | undefined; // the price now
  choose: (id: string | undefined) => void;
}
function Row({ order, newest, choose }: RowProps) {
  const { orderId, inputToken, amountFilled } = order;
  return (
    <li
      onMouseEnter={() => choose(orderId)}
      onMouseLeave={() => choose(undefined)}
      onFocusCapture={() => choose(orderId)}
      onBlurCapture={() => choose(undefined)}
    >
      <OrderLink id={orderId} />
      <span>{orderTypes[order.type ?? ""]?.label ?? order.type}</span>
      <span class="num">
        {amountFilled && Number(amountFilled) > 0 && `${amount(amountFilled)} of `}
        {amount(order.amountIn)} {inputToken}
      </span>
      <span class="num">{priceWords(order)}</span>
      <span class="num right" title="From the price now">
        {distanceText(order, newest)}
      </span>
      <StatusBadge status={order.status} unknown={order.outcome === "unknown"} />
      <OrderActions order={order} onDone={() => {}} />
    </li>
  );
}

function priceWords({ triggerPrice, triggerWhen, limitPrice, expiresAt }: Order): string {
  const side = triggerWhen === "atOrAbove" ? "≥" : "≤";
  return [
    triggerPrice && `trigger ${side} ${price(triggerPrice)}`,
    limitPrice ? `limit ${price(limitPrice)}` : "no limit",
    expiresAt && `until ${localTime(expiresAt, true)}`,
  ]
    .filter(Boolean)
    .join(", ");
}
