// An order's attempts, newest first, each with every quote of its routing.
import { type Attempt, attemptsOf, type Leg } from "../data/attempts";
import type { Order, OrderEvent } from "../data/types";
import { amount, duration, errorWords, millisOf, price } from "../format";
import { Path } from "../ui/path";
import { Copy, Empty, Hash, Panel, Time } from "../ui/pieces";
import { QuoteTable } from "../ui/quote_table";

export function Attempts({ events, order }: { events: OrderEvent[]; order: Order }) {
  const attempts = attemptsOf(events);
  return (
    <Panel title="Attempts" aside={<span class="muted num">{attempts.length} so far</span>}>
      {attempts.length === 0 && <Empty title="No attempt yet">The order waits to be routed.</Empty>}
      {attempts.map((attempt) => (
        <AttemptCard key={attempt.number} attempt={attempt} order={order} />
      ))}
    </Panel>
  );
}

const tone = {
  confirmed: "confirmed",
  failed: "failed",
  running: "submitted",
  "outcome unknown": "unknown",
  "filled in part": "confirmed",
  ended: "cancelled",
};

function AttemptCard({ attempt, order }: { attempt: Attempt; order: Order }) {
  return (
    <article class="attempt" aria-label={`Attempt ${attempt.number}`}>
      <header>
        <h3>Attempt {attempt.number}</h3>
        <span class={`badge ${tone[attempt.result]}`}>{attempt.result}</span>
        <span class="gap" />
        <span class="muted num">
          <Time at={attempt.begunAt} />
          {attempt.endedAt &&
            `, ${duration(millisOf(attempt.endedAt) - millisOf(attempt.begunAt))}`}
        </span>
      </header>
      {attempt.error && (
        <p class="reason-line">
          <strong>{errorWords(attempt.errorClass ?? "")}</strong> {attempt.error}
        </p>
      )}
      {attempt.routings.map((routing, i) => (
        <div key={routing.at}>
          {attempt.routings.length > 1 && (
            <p class="panel-line">
              {i === 0 ? "Routed" : "Before an interruption, routed"} at <Time at={routing.at} />
            </p>
          )}
          <QuoteTable
            quotes={routing.quotes}
            winner={routing}
            output={order.outputToken ?? ""}
            input={order.inputToken ?? ""}
          />
        </div>
      ))}
      {attempt.legs.length > 0 && <Legs legs={attempt.legs} order={order} />}
      {attempt.venueOrderId && (
        <dl class="facts small">
          {attempt.path && attempt.legs.length === 0 && (
            <div>
              <dt>Path</dt>
              <dd>
                <Path input={order.inputToken ?? ""} path={attempt.path} />
              </dd>
            </div>
          )}
          <div>
            <dt>Expected out</dt>
            <dd class="num">
              {amount(attempt.expectedOut)} {order.outputToken}
            </dd>
          </div>
          <div>
            <dt>Least accepted</dt>
            <dd class="num">
              {amount(attempt.minOut)} {order.outputToken}
            </dd>
          </div>
          {attempt.amountOut && (
            <div>
              <dt>Amount out</dt>
              <dd class="num">
                {amount(attempt.amountOut)} {order.outputToken} at {price(attempt.executedPrice)}
              </dd>
            </div>
          )}
          {attempt.txHash && (
            <div>
              <dt>Transaction</dt>
              <dd>
                <Hash text={attempt.txHash} what="transaction hash" />
              </dd>
            </div>
          )}
          <div>
            <dt>Venue order id</dt>
            <dd class="mono nowrap">
              {attempt.venueOrderId.slice(0, 8)}…
              <Copy text={attempt.venueOrderId} what="venue order id" />
            </dd>
          </div>
          <div>
            <dt>Valid until block</dt>
            <dd class="num">{attempt.validUntilHeight}</dd>
          </div>
        </dl>
      )}
    </article>
  );
}

// The transactions of a split attempt, which trade beside each other.
function Legs({ legs, order }: { legs: Leg[]; order: Order }) {
  return (
    <ol class="legs" aria-label="Legs">
      {legs.map((leg) => (
        <li key={leg.index}>
          <p class="panel-line">
            <strong>Leg {leg.index}</strong>{" "}
            <span class={`badge ${legTone[leg.status]}`}>{leg.status}</span>{" "}
            <span class="num">
              {amount(leg.amountIn)} {order.inputToken}
            </span>{" "}
            at {leg.venue} <Path input={order.inputToken ?? ""} path={leg.path} />
            {leg.amountOut && (
              <span class="num">
                {" "}
                gave {amount(leg.amountOut)} {order.outputToken} at {price(leg.executedPrice)}
              </span>
            )}
            {leg.txHash && (
              <>
                {" "}
                <Hash text={leg.txHash} what="transaction hash" />
              </>
            )}
          </p>
          {leg.error && (
            <p class="reason-line">
              <strong>{errorWords(leg.errorClass ?? "")}</strong> {leg.error}
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

const legTone = {
  built: "submitted",
  submitted: "submitted",
  "outcome unknown": "unknown",
  filled: "confirmed",
  ended: "failed",
};
