// The state of the engine at a glance.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { api } from "../data/api";
import { health, rates, store, storeChanges } from "../data/engine";
import { useLive } from "../data/live";
import { percentile, type Second } from "../data/rates";
import { priceDifference, readRoutes } from "../data/routes_sample";
import type { DeadLetterCounts } from "../data/types";
import { acceptLatency, useMetrics } from "../data/use_metrics";
import { count, duration } from "../format";
import { href } from "../route";
import { Chart } from "../ui/chart";
import { useLoad } from "../ui/load";
import { Empty, Failure, Panel, StaleNotice } from "../ui/pieces";
import { ConsumersTable } from "./consumers";

const latencySpan = 5; // seconds a point
const tileSpan = 60;

export function OverviewScreen() {
  const now = useNow();
  const changes = useLive(storeChanges);
  const seconds = useMemo(() => rates.window(now), [now, changes]);
  const stats = useLoad("stats", api.deadLetterStats, 2_000);
  return (
    <>
      <StaleNotice />
      {stats.error !== undefined && <Failure error={stats.error} retry={stats.reload} />}
      <Tiles seconds={seconds} stats={stats.value} />
      <div class="charts">
        <Panel title="Orders per second">
          <RateChart seconds={seconds} />
        </Panel>
        <Panel title="Accepted to confirmed">
          <LatencyChart seconds={seconds} />
        </Panel>
      </div>
      <div class="charts thirds">
        <Venues seconds={seconds} />
        <Open stats={stats.value} />
        <Consumers />
      </div>
    </>
  );
}

// Whole seconds; the newest one is still filling and therefore left out.
function useNow(): number {
  const [now, setNow] = useState(() => Math.floor(Date.now() / 1000) - 1);
  useEffect(() => {
    const timer = setInterval(() => setNow(Math.floor(Date.now() / 1000) - 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

function Tile(props: {
  name: string;
  to?: string;
  tone?: string;
  children: ComponentChildren;
  note?: ComponentChildren;
}) {
  const body = (
    <>
      <span class="name">{props.name}</span>
      <strong class={`num ${props.tone ?? ""}`}>{props.children}</strong>
      {props.note && <span class="note">{props.note}</span>}
    </>
  );
  return <li class="tile">{props.to ? <a href={props.to}>{body}</a> : body}</li>;
}

function Tiles({ seconds, stats }: { seconds: Second[]; stats: DeadLetterCounts | undefined }) {
  const { value } = useLive(health);
  const metrics = useMetrics();
  const recent = seconds.slice(-tileSpan);
  const perSecond = sum(recent, "accepted") / Math.max(recent.length, 1);
  const durations = recent.flatMap((second) => second.durationsMs).sort((a, b) => a - b);
  const p50 = percentile(durations, 0.5);
  const p99 = percentile(durations, 0.99);
  const confirmed = sum(seconds, "confirmed");
  const ended = confirmed + sum(seconds, "failed");
  const unknown = Number(value?.["unknownOutcomes"] ?? 0);
  const accept = metrics.samples && acceptLatency(metrics);
  return (
    <ul class="tiles" aria-label="Key metrics">
      <Tile name="Accepted" note={`${count(sum(recent, "accepted"))} in ${spanText(recent)}`}>
        {perSecond.toFixed(perSecond < 10 ? 1 : 0)} <small>orders/s</small>
      </Tile>
      <Tile
        name="Accept latency, p50"
        note={
          accept ? (accept.p99 === undefined ? "" : `p99 ${duration(accept.p99)}`) : metrics.why
        }
      >
        {accept?.p50 === undefined ? "–" : duration(accept.p50)}
      </Tile>
      <Tile
        name="Confirm latency, p50"
        note={p99 === undefined ? `none confirmed in ${spanText(recent)}` : `p99 ${duration(p99)}`}
      >
        {p50 === undefined ? "–" : duration(p50)}
      </Tile>
      <Tile
        name="Success rate"
        note={`${count(confirmed)} of ${count(ended)} in ${spanText(seconds)}`}
      >
        {ended === 0 ? "–" : `${((confirmed / ended) * 100).toFixed(1)} %`}
      </Tile>
      <Tile
        name="Open orders"
        to={href("blotter")}
        note={`${count(Number(value?.["executing"] ?? 0))} executing`}
      >
        {value?.["openOrders"] === undefined ? "–" : count(Number(value["openOrders"]))}
      </Tile>
      <Tile
        name="Unknown outcomes"
        to={href("blotter", "", { status: "submitted" })}
        tone={unknown > 0 ? "warn-text" : ""}
        note={
          unknown > 0
            ? `oldest ${duration(Number(value?.["unknownOutcomeAgeSeconds"] ?? 0) * 1000)}`
            : "none is open"
        }
      >
        {value ? count(unknown) : "–"}
      </Tile>
      <Tile
        name="Dead letters"
        to={href("dead-letters")}
        tone={stats && stats.dead > 0 ? "bad-text" : ""}
        note={stats ? `${count(stats.discarded)} discarded` : ""}
      >
        {stats ? count(stats.dead) : "–"}
      </Tile>
    </ul>
  );
}

// The time span of the values. It is shorter until the page has been open for the whole span.
function spanText(seconds: Second[]): string {
  const { length } = seconds;
  if (length >= 60 && length % 60 === 0)
    return length === 60 ? "the last minute" : `${length / 60} min`;
  return duration(Math.max(length, 1) * 1000).replace(/\.\d+ s$/, " s");
}

function sum(seconds: Second[], name: "accepted" | "confirmed" | "failed"): number {
  return seconds.reduce((total, second) => total + second[name], 0);
}

const perSecondText = (value: number) => `${count(Math.round(value * 10) / 10)} /s`;

function RateChart({ seconds }: { seconds: Second[] }) {
  const times = useMemo(() => seconds.map(({ at }) => at), [seconds]);
  const lines = useMemo(
    () => [
      { label: "Accepted", colour: "--accent", values: seconds.map(({ accepted }) => accepted) },
      { label: "Confirmed", colour: "--good", values: seconds.map(({ confirmed }) => confirmed) },
      { label: "Failed", colour: "--bad", values: seconds.map(({ failed }) => failed) },
    ],
    [seconds],
  );
  return <Chart label="Orders per second" times={times} lines={lines} format={perSecondText} />;
}

function LatencyChart({ seconds }: { seconds: Second[] }) {
  const { times, lines } = useMemo(() => {
    const points: { at: number; sorted: number[] }[] = [];
    // Groups begin at whole multiples, so that a point does not change while the window moves.
    for (const second of seconds) {
      const at = Math.floor(second.at / latencySpan) * latencySpan;
      if (points.at(-1)?.at !== at) points.push({ at, sorted: [] });
      points.at(-1)?.sorted.push(...second.durationsMs);
    }
    for (const point of points) point.sorted.sort((a, b) => a - b);
    const line = (label: string, colour: string, q: number) => ({
      label,
      colour,
      values: points.map(({ sorted }) => percentile(sorted, q) ?? null),
    });
    return {
      times: points.map(({ at }) => at),
      lines: [line("p50", "--accent", 0.5), line("p99", "--warn", 0.99)],
    };
  }, [seconds]);
  return (
    <Chart label="Time from accepted to confirmed" times={times} lines={lines} format={duration} />
  );
}

function Bars({ rows, unit }: { rows: [string, number][]; unit: string }) {
  const total = rows.reduce((all, [, value]) => all + value, 0);
  return (
    <ul class="bars">
      {rows.map(([name, value]) => (
        <li key={name}>
          <span>{name}</span>
          <progress
            max={Math.max(total, 1)}
            value={value}
            aria-label={`${name}: ${value} of ${total} ${unit}`}
          />
          <span class="num right">{count(value)}</span>
          <span class="num right muted">
            {total ? `${((value / total) * 100).toFixed(0)} %` : "–"}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Venues({ seconds }: { seconds: Second[] }) {
  const routes = useLoad("routes", readRoutes, 5_000);
  // Venues that quoted are listed even when none of their quotes was chosen.
  const asked = routes.value?.flatMap(({ data }) => data.quotes ?? []) ?? [];
  const shares = new Map<string, number>(asked.map(({ venue }) => [venue, 0]));
  for (const { venues } of seconds) {
    for (const [venue, orders] of Object.entries(venues)) {
      shares.set(venue, (shares.get(venue) ?? 0) + orders);
    }
  }
  const difference = routes.value && priceDifference(routes.value);
  return (
    <Panel title="Venues" aside={<span class="muted">confirmed in {spanText(seconds)}</span>}>
      {shares.size === 0 ? (
        <Empty title={`No order confirmed in ${spanText(seconds)}`} />
      ) : (
        <Bars rows={[...shares].sort((a, b) => b[1] - a[1])} unit="orders" />
      )}
      <p class="panel-line">
        {routes.error !== undefined
          ? `Price difference: ${String((routes.error as Error).message)}`
          : difference
            ? `The best quote beat the next by ${difference.median.toFixed(1)} bps (median of the last ${count(difference.routes)} routings).`
            : "No routing with two quotes to compare yet."}
      </p>
    </Panel>
  );
}

function Open({ stats }: { stats: DeadLetterCounts | undefined }) {
  const { value } = useLive(health);
  const changes = useLive(storeChanges);
  const rows = useMemo<[string, number][]>(() => [...store.openByStatus()], [changes]);
  // The engine's total is up to 2 s old, so a small difference to the page's count is ignored.
  const known = rows.reduce((total, [, orders]) => total + orders, 0);
  const total = Number(value?.["openOrders"] ?? stats?.pending ?? 0);
  const unseen = total - known > 10 + known / 5 ? total - known : 0;
  const open = count(known + unseen);
  return (
    <Panel title="Open orders by status" aside={<span class="muted num">{open} open</span>}>
      <Bars
        rows={unseen > 0 ? [...rows, ["not yet seen here", unseen]] : rows}
        unit="open orders"
      />
      {Number(value?.["waitingForRetry"] ?? 0) > 0 && (
        <p class="panel-line">
          {count(Number(value?.["waitingForRetry"]))} of them wait for their next attempt.
        </p>
      )}
    </Panel>
  );
}

function Consumers() {
  const { value } = useLive(health);
  if (!value) return null;
  return (
    <Panel title="Consumers" aside={<a href={href("system")}>System</a>}>
      <ConsumersTable value={value} positions={false} />
    </Panel>
  );
}
