// All events of an order with the time since the previous one, and each record as the log has it.
import { isEstimate, throughText } from "../data/quotes";
import type { EventData, OrderEvent } from "../data/types";
import { amount, duration, errorWords, eventWords, millisOf, price, shortHash } from "../format";
import { href } from "../route";
import { Copy, Panel, Time } from "../ui/pieces";

const tones: Record<string, string> = {
  OrderConfirmed: "good",
  OrderPartiallyFilled: "good",
  AttemptFailed: "warn",
  OutcomeUnknown: "warn",
  LegOutcomeUnknown: "warn",
  LegEnded: "warn",
  OrderFailed: "bad",
  DeadLetterDiscarded: "bad",
  OutcomeResolved: "warn",
  TradingHalted: "bad",
};

function quotesAsked({ quotes = [] }: EventData): number {
  return quotes.filter((quote) => !isEstimate(quote)).length;
}

// The content of an event, in one line.
export function summaryOf({ type, data }: OrderEvent): string {
  switch (type) {
    case "OrderAccepted":
      return `${amount(data.amountIn)} ${data.inputToken} → ${data.outputToken}`;
    case "RoutingStarted":
      return `attempt ${data.attempt}`;
    case "RouteSelected":
      if (data.legs) return `a split into ${data.legs} legs, of ${quotesAsked(data)} quotes`;
      return `${data.venue ?? "no venue"}${throughText(data.path)} of ${quotesAsked(data)} quotes`;
    case "TransactionBuilt":
      return `${data.venue}${throughText(data.path)}, at least ${amount(data.minOut)} for ${amount(data.amountIn)}`;
    case "LegBuilt":
      return `leg ${data.leg}: ${data.venue}${throughText(data.path)}, at least ${amount(data.minOut)} for ${amount(data.amountIn)}`;
    case "LegSubmitted":
      return `leg ${data.leg}: ${data.venue}, ${shortHash(data.txHash ?? "")}`;
    case "LegOutcomeUnknown":
      return `leg ${data.leg}: ${data.seen}`;
    case "LegFilled":
      return `leg ${data.leg}: ${amount(data.amountOut)} at ${price(data.executedPrice)}, ${data.venue}`;
    case "LegEnded":
      return `leg ${data.leg}: ${errorWords(data.errorClass ?? "")}: ${data.error}`;
    case "TransactionSubmitted":
      return `${data.venue}, ${shortHash(data.txHash ?? "")}`;
    case "OutcomeUnknown":
      return data.seen ?? "";
    case "OrderConfirmed":
    case "OrderPartiallyFilled":
      return `${amount(data.amountOut)} at ${price(data.executedPrice)}, ${data.venue}`;
    case "AttemptFailed":
    case "OrderFailed":
      return `${errorWords(data.errorClass ?? "")}: ${data.error}`;
    case "TradingHalted": {
      const scope = typeof data.scope === "object" ? Object.entries(data.scope) : [["all"]];
      return `${scope.flat().join(" ")}: ${data.why}, by ${data.by}`;
    }
    case "TradingResumed":
      return `halt ${data.halt}: ${data.why}, by ${data.by}`;
    default:
      return [data.why, data.by && `by ${data.by}`].filter(Boolean).join(", ");
  }
}

// Two events of one write have the same time.
function waitText(ms: number | undefined): string {
  if (ms === undefined) return "";
  return ms === 0 ? "at once" : `+${duration(ms)}`;
}

export function Timeline({ events, until }: { events: OrderEvent[]; until: number }) {
  return (
    <Panel title="Timeline" aside={<span class="muted num">{events.length} events</span>}>
      <ol class="timeline">
        {events.map((event, i) => {
          const before = events[i - 1];
          const wait = before && millisOf(event.ts) - millisOf(before.ts);
          return (
            <li key={event.seq} class={`${tones[event.type] ?? ""} ${i < until ? "" : "later"}`}>
              <span class="step num muted">{waitText(wait)}</span>
              <span class="what">
                <strong>{eventWords(event.type)}</strong>
                <span class="muted">{summaryOf(event)}</span>
              </span>
              <Time at={event.ts} />
            </li>
          );
        })}
      </ol>
    </Panel>
  );
}

export function RawEvents({ events }: { events: OrderEvent[] }) {
  return (
    <div class="raws">
      {events.map((event) => (
        <RawEvent key={event.seq} event={event} />
      ))}
      {!events.some((event) => event.hash) && (
        <p class="muted">
          A gateway does not show the chain hash of a record. The engine and{" "}
          <code>log-dump verify</code> do.
        </p>
      )}
    </div>
  );
}

export function RawEvent({ event, open = false }: { event: OrderEvent; open?: boolean }) {
  const text = JSON.stringify(event, null, 2);
  return (
    <details open={open}>
      <summary>
        <span class="num">seq {event.seq}</span> <span>{eventWords(event.type)}</span>
        {event.hash && <span class="mono muted">{shortHash(event.hash)}</span>}
      </summary>
      <div class="raw">
        <Copy text={text} what={`record ${event.seq}`} />
        <pre tabIndex={0}>{text}</pre>
        {!open && <a href={href("log", "", { seq: String(event.seq) })}>Show it in the log</a>}
      </div>
    </details>
  );
}
