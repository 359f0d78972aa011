// Formats values for display. Amounts stay the exact text that the engine sent; only the display is
// shortened.

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

export function localTime(iso: string, withDay = false): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const today = date.toDateString() === new Date().toDateString();
  return withDay && !today ? `${day.format(date)} ${clock.format(date)}` : clock.format(date);
}

export function duration(ms: number): string {
  if (ms === 0) return "0 s";
  if (ms < 1) return `${Math.max(0, Math.round(ms * 1000))} µs`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1000)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.floor((ms % 3_600_000) / 60_000)} min`;
}

// Milliseconds since 1970 with microseconds as decimals, from a time of the engine.
export function millisOf(iso: string): number {
  const fraction = /\.(\d{4,6})/.exec(iso)?.[1] ?? "";
  return Date.parse(iso) + Number(fraction.slice(3).padEnd(3, "0")) / 1000;
}

export function count(value: number): string {
  return value.toLocaleString("en-US");
}

// "1234567.891" → "1,234,567.891"; further decimals are cut, never rounded up.
export function amount(text: string | null | undefined, digitsMax = 18): string {
  if (text === null || text === undefined) return "–";
  const [whole = "", fraction = ""] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const kept = fraction.slice(0, digitsMax).replace(/0+$/, "");
  return kept ? `${grouped}.${kept}` : grouped;
}

// Six significant digits: 151.437, 0.0000248519.
export function price(text: string | null | undefined): string {
  if (text === null || text === undefined) return "–";
  const [whole = "", fraction = ""] = text.split(".");
  if (whole.replace(/^[-0]+/, "") !== "") return amount(text, Math.max(2, 6 - whole.length));
  const zeros = /^0*/.exec(fraction)?.[0].length ?? 0;
  return amount(text, zeros + 6);
}

export function percentOfBps(bps: number): string {
  return `${(bps / 100).toFixed(2)} %`;
}

export const shortId = (id: string) => `${id.slice(0, 8)}…${id.slice(-4)}`;
export const shortHash = (hash: string) => `${hash.slice(0, 6)}…${hash.slice(-4)}`;

const words: Record<string, string> = {
  slippage_exceeded: "Price moved too far",
  venue_unavailable: "Venue unavailable",
  rate_limited: "Venue limits the rate",
  invalid_order: "Refused as invalid",
  no_liquidity: "Not enough liquidity",
  attempt_expired: "Ran out of time at the venue",
  attempt_cancelled: "Cancelled at the venue",
  interrupted: "Interrupted too often",
  no_quote: "Waiting for a quote",
};
// An error class in plain words; the engine's own name is shown beside it.
export function errorWords(errorClass: string): string {
  const text = words[errorClass] ?? errorClass.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// "OrderAccepted" → "Order accepted"
export function eventWords(type: string): string {
  const text = type.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
