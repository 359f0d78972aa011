// An order's details: the request and the result.
import type { ComponentChildren } from "preact";
import { orderTypes, termsOf } from "../data/order_form";
import type { Order } from "../data/types";
import { isFinal } from "../data/types";
import { amount, duration, errorWords, millisOf, percentOfBps } from "../format";
import { Copy, Hash, Panel, StatusBadge, Time } from "../ui/pieces";

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function OrderFacts({ order }: { order: Order }) {
  const took = millisOf(order.updatedAt) - millisOf(order.createdAt);
  return (
    <Panel title="State">
      <dl class="facts">
        <Fact name="Status">
          <StatusBadge status={order.status} unknown={order.outcome === "unknown"} />
        </Fact>
        <Fact name="Pair">
          {order.inputToken} → {order.outputToken}
        </Fact>
        {order.type && (
          <Fact name="Type">
            {orderTypes[order.type]?.label ?? order.type.replaceAll("_", " ")}
          </Fact>
        )}
        {order.outputAmount && (
          <Fact name="Exact output">
            <span class="num">{amount(order.outputAmount)}</span> {order.outputToken}
          </Fact>
        )}
        <Fact name={order.outputAmount ? "Most input" : "Amount in"}>
          <span class="num">{amount(order.amountIn)}</span> {order.inputToken}
        </Fact>
        {termsOf(order).map(({ label, text }) => (
          <Fact key={label} name={label}>
            <span class="num">{text}</span>
          </Fact>
        ))}
        {order.amountFilled && (order.outputAmount || order.status !== "confirmed") && (
          <Fact name="Filled">
            <span class="num">{amount(order.amountFilled)}</span> {order.inputToken}
          </Fact>
        )}
        <Fact name="Amount out">
          <span class="num">{amount(order.amountOut)}</span> {order.amountOut && order.outputToken}
        </Fact>
        <Fact name="Least accepted">
          <span class="num">{amount(order.minOut)}</span> {order.minOut && order.outputToken}
        </Fact>
        <Fact name="Price">
          <span class="num">{amount(order.executedPrice)}</span>{" "}
          {order.executedPrice && `${order.outputToken} per ${order.inputToken}`}
        </Fact>
        <Fact name="Slippage limit">
          {order.slippageBps === undefined ? "–" : `at most ${percentOfBps(order.slippageBps)}`}
        </Fact>
        <Fact name="Slippage realised">
          {typeof order.slippageBpsRealised === "number"
            ? percentOfBps(order.slippageBpsRealised)
            : "–"}
        </Fact>
        <Fact name="Venue">{order.venue ?? "–"}</Fact>
        <Fact name="Fee">
          <span class="num">{amount(order.fee)}</span> {order.fee && order.inputToken}
        </Fact>
        <Fact name="Attempts">{order.attempts}</Fact>
        <Fact name={isFinal(order) ? "Accepted to end" : "Accepted to last event"}>
          <span class="num">{duration(took)}</span>
        </Fact>
        <Fact name="Accepted">
          <Time at={order.createdAt} withDay />
        </Fact>
        <Fact name="Last event">
          <Time at={order.updatedAt} withDay />
        </Fact>
        {order.expiresAt && (
          <Fact name="Expires">
            <Time at={order.expiresAt} withDay />
          </Fact>
        )}
        <Fact name="Transaction">
          {order.txHash ? <Hash text={order.txHash} what="transaction hash" /> : "–"}
        </Fact>
        {order.clientOrderId && (
          <Fact name="Client order id">
            <span class="mono">{order.clientOrderId}</span>
            <Copy text={order.clientOrderId} what="client order id" />
          </Fact>
        )}
        <Fact name="Log position">
          <span class="num">seq {order.seq}</span>
        </Fact>
      </dl>
      {order.error && (
        <p class="reason-line">
          <strong>{errorWords(order.errorClass ?? "")}</strong> {order.error}
        </p>
      )}
    </Panel>
  );
}
