// The engine itself: readiness, consumers, stores, configuration, metrics, and this page's
// connection.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../data/api";
import { health, store, stream } from "../data/engine";
import { useLive } from "../data/live";
import type { Health } from "../data/types";
import { type Metrics, syncLatency, useMetrics } from "../data/use_metrics";
import { count, duration } from "../format";
import { useLoad } from "../ui/load";
import { Copy, Empty, Failure, Loading, Notice, Panel, StaleNotice } from "../ui/pieces";
import { ConsumersTable } from "./consumers";

type Unit = "events" | "s" | "µs" | "" | "seq";
// The members of /health, in the order and words of this screen. A member that is absent is left
// out.
const members: Record<string, [key: string, name: string, unit: Unit][]> = {
  Engine: [
    ["version", "Version", ""],
    ["role", "Role", ""],
    ["logId", "Log id", ""],
    ["openOrders", "Open orders", ""],
    ["executing", "Executing now", ""],
    ["waitingForRetry", "Waiting for their next attempt", ""],
    ["unknownOutcomes", "Unknown outcomes", ""],
    ["unknownOutcomeAgeSeconds", "Oldest unknown outcome", "s"],
  ],
  "Log and disk": [
    ["headSeq", "Last synced", "seq"],
    ["logQueue", "Waiting to be written", "events"],
    ["logCommits", "Commits since the start", ""],
    ["logSyncMicrosMax", "Slowest sync since the start", "µs"],
    ["scrubbedSeq", "Verified up to", "seq"],
  ],
  Bus: [
    ["busUpdatesDropped", "Updates lost by the bus (read from the log instead)", ""],
    ["busConnectionsLost", "Connections lost", ""],
  ],
};

export function SystemScreen() {
  const { value, error } = useLive(health);
  const metrics = useMetrics();
  if (!value) return error ? <Failure error={error} /> : <Loading what="the engine's state" />;
  return (
    <>
      <StaleNotice />
      {error && <Failure error={new Error(`The values are old: ${error}`)} />}
      <Readiness value={value} />
      <div class="masonry">
        {Object.keys(members).map((title) => (
          <Members key={title} title={title} value={value}>
            {title === "Log and disk" && <DiskMetrics metrics={metrics} />}
          </Members>
        ))}
        <Panel title="Consumers of the log">
          <ConsumersTable value={value} positions />
        </Panel>
        <Stores value={value} />
        <ThisPage />
      </div>
      <Configuration />
      <MetricsTable metrics={metrics} />
    </>
  );
}

function Readiness({ value }: { value: Health }) {
  if (value.status === "ok")
    return <Notice tone="good">The engine is ready and accepts orders.</Notice>;
  return (
    <Notice tone="warn">
      <div>
        The engine is {value.status}:
        <ul>
          {(value.reasons ?? ["no reason is given"]).map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      </div>
    </Notice>
  );
}

function memberText(value: string | number, unit: Unit): string {
  if (typeof value === "string") return value;
  if (unit === "µs") return duration(value / 1000);
  if (unit === "s") return value === 0 ? "none" : duration(value * 1000);
  return unit === "seq" ? `seq ${count(value)}` : `${count(value)} ${unit}`.trim();
}

function Pairs({ rows }: { rows: [string, ComponentChildren][] }) {
  return (
    <dl class="pairs">
      {rows.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="num">{text}</dd>
        </div>
      ))}
    </dl>
  );
}

function Members(props: { title: string; value: Health; children?: ComponentChildren }) {
  const { title, value } = props;
  const rows = (members[title] ?? []).flatMap(
    ([key, name, unit]): [string, ComponentChildren][] => {
      const member = value[key];
      if (typeof member !== "string" && typeof member !== "number") return [];
      const text = memberText(member, unit);
      if (key !== "logId") return [[name, text]];
      return [
        [
          name,
          <span class="mono" key="id">
            {text.slice(0, 12)}…<Copy text={text} what="log id" />
          </span>,
        ],
      ];
    },
  );
  if (rows.length === 0) return null;
  return (
    <Panel title={title}>
      <Pairs rows={rows} />
      {props.children}
    </Panel>
  );
}

// /health contains a reason for each server that is unhealthy, and none for a healthy one.
function Stores({ value }: { value: Health }) {
  const reasonOf = (name: string) =>
    value.reasons?.find((reason) => reason.toLowerCase().includes(name));
  const state = (name: string, configured: unknown) => {
    if (configured === undefined) return "shown with a token only";
    const kind = String(configured);
    return reasonOf(name) ?? (kind.startsWith(name) ? "healthy" : `not configured: ${kind}`);
  };
  return (
    <Panel title="PostgreSQL, Redis, disk">
      <Pairs
        rows={[
          ["PostgreSQL", state("postgres", value["readModel"])],
          ["Redis", state("redis", value["bus"])],
          ["Disk", reasonOf("disk") ?? "healthy"],
        ]}
      />
    </Panel>
  );
}

function ThisPage() {
  const connection = useLive(stream.connection);
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const { seq, received, reconnects, gaps } = stream.counters;
  return (
    <Panel title="This page">
      <Pairs
        rows={[
          ["Connection", connection.state === "lost" ? "disconnected" : connection.state],
          ["Last update taken", `seq ${count(seq)}`],
          ["Updates received", count(received)],
          ["Reconnects", count(reconnects)],
          ["Gaps found and filled", count(gaps)],
          ["Orders held", count(store.size)],
        ]}
      />
    </Panel>
  );
}

function Configuration() {
  const loaded = useLoad("config", api.config);
  return (
    <Panel title="Configuration">
      {loaded.loading ? (
        <Loading what="the configuration" />
      ) : loaded.error !== undefined ? (
        <Failure error={loaded.error} retry={loaded.reload} />
      ) : (
        <div class="scroll-x" tabIndex={0} role="region" aria-label="Settings">
          <table>
            <thead>
              <tr>
                <th scope="col">Setting</th>
                <th scope="col">Value</th>
                <th scope="col">From</th>
              </tr>
            </thead>
            <tbody>
              {loaded.value?.items.map(({ name, value, origin }) => (
                <tr key={name}>
                  <th scope="row" class="mono">
                    {name}
                  </th>
                  <td class="mono">{value || "–"}</td>
                  <td>{origin || "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

// The metrics of the disk that /health does not contain.
function DiskMetrics({ metrics }: { metrics: Metrics }) {
  const sync = syncLatency(metrics);
  const free = metrics.samples?.find(({ name }) => name === "oee_disk_free_bytes")?.value;
  const text = (ms: number | undefined) => (ms === undefined ? "–" : duration(ms));
  return (
    <Pairs
      rows={[
        ["Sync latency, p50 and p99 of the last 5 s", `${text(sync?.p50)}, ${text(sync?.p99)}`],
        ["Disk free", free === undefined ? "–" : `${(free / 2 ** 30).toFixed(1)} GiB`],
      ]}
    />
  );
}

function MetricsTable({ metrics }: { metrics: Metrics }) {
  const { samples, why } = metrics;
  const [wanted, setWanted] = useState("");
  const rows = (samples ?? []).filter(
    ({ name }) => !name.endsWith("_bucket") && name.includes(wanted.trim().toLowerCase()),
  );
  return (
    <Panel
      title="Metrics"
      aside={
        samples && (
          <input
            type="search"
            aria-label="Search metrics by name"
            placeholder="Name"
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
        )
      }
    >
      {!samples ? (
        <Empty title="No metrics">{why.charAt(0).toUpperCase() + why.slice(1)}.</Empty>
      ) : rows.length === 0 ? (
        <Empty title="No metric has this in its name" />
      ) : (
        <div class="scroll-x metrics" tabIndex={0} role="region" aria-label="Metrics">
          <table>
            <tbody>
              {rows.map(({ name, labels, value }) => {
                const tags = Object.entries(labels)
                  .map(([key, text]) => `${key}="${text}"`)
                  .join(" ");
                return (
                  <tr key={`${name} ${tags}`}>
                    <th scope="row" class="mono">
                      {name}
                    </th>
                    <td class="mono muted labels">{tags}</td>
                    <td class="right num">{value.toLocaleString("en-US")}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
