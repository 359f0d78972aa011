// Parses the parts of the Prometheus text format (0.0.4) that the page needs: samples and
// histograms.

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const line = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const label = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

function numberOf(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}

export function parseMetrics(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const row of text.split("\n")) {
    const found = row.startsWith("#") ? null : line.exec(row);
    if (!found) continue;
    const labels: Record<string, string> = {};
    for (const [, name, value] of (found[2] ?? "").matchAll(label)) {
      labels[name as string] = (value as string).replace(/\\(.)/g, (_, c) =>
        c === "n" ? "\n" : c,
      );
    }
    samples.push({ name: found[1] as string, labels, value: numberOf(found[3] as string) });
  }
  return samples;
}

// Cumulative counts by upper bound, all label sets of the histogram added up.
export function buckets(samples: Sample[], histogram: string): Map<number, number> {
  const out = new Map<number, number>();
  for (const { name, labels, value } of samples) {
    if (name !== `${histogram}_bucket`) continue;
    const bound = numberOf(labels["le"] ?? "+Inf");
    out.set(bound, (out.get(bound) ?? 0) + value);
  }
  return out;
}

// The quantile of the values added since `before`, linear within a bucket as in Prometheus.
export function quantile(
  q: number,
  now: Map<number, number>,
  before = new Map<number, number>(),
): number | undefined {
  const rows = [...now]
    .map(([bound, count]) => ({ bound, count: count - (before.get(bound) ?? 0) }))
    .sort((a, b) => a.bound - b.bound);
  const total = rows[rows.length - 1]?.count ?? 0;
  if (total <= 0) return undefined;
  const rank = q * total;
  let lower = 0;
  let below = 0;
  for (const { bound, count } of rows) {
    if (count >= rank) {
      if (bound === Number.POSITIVE_INFINITY) return lower;
      return count === below ? bound : lower + ((bound - lower) * (rank - below)) / (count - below);
    }
    lower = bound;
    below = count;
  }
  return lower;
}

export interface Histogram {
  name: string;
  unitMs: number;
}

// The histogram whose name matches the pattern, in any unit.
function histogramOf(samples: Sample[], what: string): Histogram | undefined {
  const pattern = new RegExp(
    `^(\\w*${what}\\w*_(seconds|milliseconds|microseconds|us|ms))_bucket$`,
  );
  for (const { name } of samples) {
    const found = pattern.exec(name);
    if (!found) continue;
    const unit = found[2] as string;
    const unitMs = unit === "seconds" ? 1000 : unit === "milliseconds" || unit === "ms" ? 1 : 0.001;
    return { name: found[1] as string, unitMs };
  }
  return undefined;
}
export const acceptHistogram = (samples: Sample[]) => histogramOf(samples, "accept");
export const syncHistogram = (samples: Sample[]) => histogramOf(samples, "log_sync");
