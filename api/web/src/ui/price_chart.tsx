// The price of a pair over time, trades, and the levels at which open orders wait. The figure's
// label has the price and the number of levels for readers who cannot see it; the list of orders
// beside it has the rest.
import { useEffect, useRef, useState } from "preact/hooks";
import { isNear, type PriceLevel, type PricePoint, rangeOf, ticksOf } from "../data/price_levels";
import { amount, price as priceText } from "../format";

interface Props {
  pair: string;
  points: PricePoint[]; // oldest first
  fills: PricePoint[];
  levels: PriceLevel[];
  chosen: string | undefined; // the id of an order whose levels are set off
}

const height = 260;
const right = 78; // for the prices
const bottom = 22; // for the times
const labelGap = 14;

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const short = (value: number) => priceText(value.toFixed(12));

export function PriceChart({ pair, points, fills, levels, chosen }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const newest = points[points.length - 1];
  const near = newest ? levels.filter((level) => isNear(level, newest.price)) : [];
  const words = `${pair}: ${newest ? short(newest.price) : "no price yet"}, ${levels.length} prices of open orders`;
  return (
    <figure class="price-chart" aria-label={words}>
      <div ref={box}>
        {newest ? (
          <Drawing {...{ width, points, fills, chosen, newest }} levels={near} />
        ) : (
          <p class="empty">The first price is being read…</p>
        )}
      </div>
      {near.length < levels.length && newest && (
        <figcaption class="muted">
          {levels.length - near.length} of {levels.length} prices are more than 20 % away and are
          not drawn.
        </figcaption>
      )}
    </figure>
  );
}

type DrawingProps = Omit<Props, "pair"> & { width: number; newest: PricePoint };

function Drawing({ width, points, fills, levels, chosen, newest }: DrawingProps) {
  const all = [...points, ...fills];
  const end = Math.max(...all.map(({ at }) => at));
  const begin = Math.min(...all.map(({ at }) => at), end - 60_000);
  const range = rangeOf([...all, ...levels].map(({ price }) => price));
  const [low, high] = range;
  const plot = width - right;
  const x = (at: number) => ((at - begin) / (end - begin)) * plot;
  const y = (price: number) => (1 - (price - low) / (high - low)) * (height - bottom);
  const ticks = ticksOf(range, 5).filter((tick) => Math.abs(y(tick) - y(newest.price)) > labelGap);
  const times = Array.from(
    { length: Math.max(2, Math.floor(plot / 120)) },
    (_, i, n = Math.max(2, Math.floor(plot / 120))) => begin + ((end - begin) * i) / (n - 1),
  );
  return (
    <svg width={width} height={height} aria-hidden="true">
      {ticks.map((tick) => (
        <g key={tick} class="tick">
          <line x1={0} x2={plot} y1={y(tick)} y2={y(tick)} />
          <text x={plot + 6} y={y(tick) + 4}>
            {short(tick)}
          </text>
        </g>
      ))}
      {times.map((at, i) => (
        <text
          key={i}
          class="tick"
          x={x(at)}
          y={height - 5}
          text-anchor={i === 0 ? "start" : i === times.length - 1 ? "end" : "middle"}
        >
          {clock.format(at)}
        </text>
      ))}
      {fills.map((fill, i) => (
        <circle key={i} class="fill" cx={x(fill.at)} cy={y(fill.price)} r={3} />
      ))}
      <polyline class="price" points={points.map((p) => `${x(p.at)},${y(p.price)}`).join(" ")} />
      {placed(levels, y).map(({ level, labelled }) => {
        const at = y(level.price);
        const set = level.orders.some(({ orderId }) => orderId === chosen);
        return (
          <g key={`${level.kind} ${level.price}`} class={`level ${level.kind} ${set ? "set" : ""}`}>
            <line x1={0} x2={plot} y1={at} y2={at} />
            {(labelled || set) && (
              <text x={6} y={at - 4}>
                {levelWords(level)}
              </text>
            )}
          </g>
        );
      })}
      <g class="now">
        <rect x={plot + 1} y={y(newest.price) - 9} width={right - 1} height={18} rx={3} />
        <text x={plot + 6} y={y(newest.price) + 4}>
          {short(newest.price)}
        </text>
      </g>
    </svg>
  );
}

function levelWords({ kind, price, orders }: PriceLevel): string {
  const [first] = orders;
  const what =
    orders.length > 1
      ? `${orders.length} orders`
      : `${amount(first?.amountIn)} ${first?.inputToken}`;
  return `${what}, ${kind} ${short(price)}`;
}

// The levels with whether there is room for a label; the first of two that are close has it.
function placed(levels: PriceLevel[], y: (price: number) => number) {
  let last = Number.NEGATIVE_INFINITY;
  return levels.map((level) => {
    const labelled = y(level.price) - last >= labelGap;
    if (labelled) last = y(level.price);
    return { level, labelled };
  });
}
