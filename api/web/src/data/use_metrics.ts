// Reads /metrics every few seconds while a screen shows values of it.
import { useEffect, useState } from "preact/hooks";
import { ApiError, api } from "./api";
import {
  acceptHistogram,
  buckets,
  type Histogram,
  parseMetrics,
  quantile,
  type Sample,
  syncHistogram,
} from "./metrics";

const everyMs = 5_000;

export interface Metrics {
  samples?: Sample[];
  before?: Sample[]; // of the previous reading
  why: string; // why there are no samples
}

export function useMetrics(): Metrics {
  const [metrics, setMetrics] = useState<Metrics>({ why: "reading /metrics" });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const read = async () => {
      try {
        const samples = parseMetrics(await api.metrics());
        if (stopped) return;
        setMetrics((old) => ({ samples, ...(old.samples && { before: old.samples }), why: "" }));
      } catch (cause) {
        if (stopped) return;
        const absent = cause instanceof ApiError && cause.status === 404;
        setMetrics({ why: absent ? "this engine has no /metrics" : (cause as Error).message });
        if (absent) return; // it will not have them before a restart
      }
      timer = setTimeout(() => void read(), everyMs);
    };
    void read();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, []);
  return metrics;
}

export const acceptLatency = (metrics: Metrics) =>
  latency(metrics, acceptHistogram(metrics.samples ?? []));
export const syncLatency = (metrics: Metrics) =>
  latency(metrics, syncHistogram(metrics.samples ?? []));

// Milliseconds, of the values counted since the previous reading; of all values when there are
// none.
function latency({ samples = [], before = [] }: Metrics, histogram: Histogram | undefined) {
  if (!histogram) return undefined;
  const now = buckets(samples, histogram.name);
  const earlier = buckets(before, histogram.name);
  const at = (q: number) => {
    const value = quantile(q, now, earlier) ?? quantile(q, now);
    return value === undefined ? undefined : value * histogram.unitMs;
  };
  return { p50: at(0.5), p99: at(0.99) };
}
