// A new order: live quotes while the user types, then the events of the order as it runs.
import { useEffect, useRef, useState } from "preact/hooks";
import registry from "../../../../schemas/tokens.json";
import { type Accepted, ApiError, api, type NewOrder } from "../data/api";
import { IdempotencyKey } from "../data/idempotency";
import { Live, useLive } from "../data/live";
import type { QuoteAnswer } from "../data/types";
import { useOrder } from "../data/use_order";
import { amount, price } from "../format";
import { useLoad } from "../ui/load";
import {
  Copy,
  Empty,
  Failure,
  Loading,
  Notice,
  OrderLink,
  Panel,
  StaleNotice,
  StatusBadge,
} from "../ui/pieces";
import { QuoteTable } from "../ui/quote_table";
import { Attempts } from "./order_attempts";
import { OrderFacts } from "./order_facts";
import { Timeline } from "./order_timeline";

const quoteAfterMs = 300;
const quoteEveryMs = 2_000;

interface Form {
  inputToken: string;
  outputToken: string;
  amount: string;
  slippage: string; // per cent
  clientOrderId: string;
}
// The typed values stay while the user visits other screens.
const lastForm = new Live<Form>({
  inputToken: "SOL",
  outputToken: "USDC",
  amount: "1.5",
  slippage: "1",
  clientOrderId: "",
});
const orderKey = new IdempotencyKey();

// "0.5" per cent → 50 bps; NaN when the text is not such a number. The engine checks the range.
export function bpsOf(percent: string): number {
  if (!/^\d+(\.\d{1,2})?$/.test(percent.trim())) return Number.NaN;
  return Math.round(Number(percent) * 100);
}

export function SubmitScreen() {
  const form = useLive(lastForm);
  const [accepted, setAccepted] = useState<Accepted>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const slippageBps = bpsOf(form.slippage);
  const slippageWrong = Number.isNaN(slippageBps)
    ? "per cent with at most two digits behind the point, as 0.5"
    : undefined;

  const set = (name: keyof Form) => (value: string) => {
    lastForm.set({ ...lastForm.value, [name]: value });
    setError(undefined);
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (slippageWrong || busy) return;
    const { slippage: _, clientOrderId, ...swap } = form;
    const order: NewOrder = { ...swap, slippageBps, ...(clientOrderId && { clientOrderId }) };
    setBusy(true);
    setError(undefined);
    try {
      setAccepted(await api.place(order, orderKey.of(JSON.stringify(order))));
      orderKey.done();
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
    }
  };

  const quoted = useQuote(form, slippageBps);
  const fields = fieldsOf(error) ?? fieldsOf(quoted.error) ?? {};
  return (
    <>
      <StaleNotice />
      <div class="columns submit">
        <Panel title="New order">
          <form onSubmit={(event) => void submit(event)} noValidate>
            <div class="pair-fields">
              <Field
                label="Sell"
                name="inputToken"
                value={form.inputToken}
                onInput={set("inputToken")}
                error={fields["inputToken"]}
                tokens
              />
              <button
                type="button"
                class="icon swap"
                aria-label="Swap the two tokens"
                title="Swap the two tokens"
                onClick={() =>
                  lastForm.set({
                    ...form,
                    inputToken: form.outputToken,
                    outputToken: form.inputToken,
                  })
                }
              >
                ⇄
              </button>
              <Field
                label="Buy"
                name="outputToken"
                value={form.outputToken}
                onInput={set("outputToken")}
                error={fields["outputToken"]}
                tokens
              />
            </div>
            <Field
              label="Amount"
              unit={form.inputToken}
              name="amount"
              value={form.amount}
              onInput={set("amount")}
              error={fields["amount"]}
              numeric
            />
            <Field
              label="Slippage, at most"
              unit="%"
              name="slippage"
              value={form.slippage}
              onInput={set("slippage")}
              error={slippageWrong ?? fields["slippageBps"]}
              numeric
            />
            <Field
              label="Client order id (optional)"
              name="clientOrderId"
              value={form.clientOrderId}
              onInput={set("clientOrderId")}
              error={fields["clientOrderId"]}
            />
            <datalist id="tokens">
              {registry.tokens.map((token) => (
                <option key={token.symbol} value={token.symbol}>
                  {token.name}
                </option>
              ))}
            </datalist>
            {error !== undefined && !fieldsOf(error) && <Failure error={error} />}
            <div class="buttons">
              <button type="submit" class="primary" disabled={busy}>
                {busy ? "Submitting…" : "Submit order"}
              </button>
            </div>
          </form>
        </Panel>
        <QuotePanel quoted={quoted} form={form} />
      </div>
      {accepted && <Running key={accepted.orderId} id={accepted.orderId} />}
    </>
  );
}

// The messages by field, when the engine's problem names fields.
function fieldsOf(error: unknown): Record<string, string> | undefined {
  if (!(error instanceof ApiError) || Object.keys(error.fields).length === 0) return undefined;
  return error.fields;
}

function useQuote(form: Form, slippageBps: number) {
  const { inputToken, outputToken, amount: amountIn } = form;
  const wanted = { inputToken, outputToken, amount: amountIn, slippageBps };
  const text = JSON.stringify(wanted);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), quoteAfterMs);
    return () => clearTimeout(timer);
  }, [text]);
  const askable = Boolean(inputToken && outputToken && amountIn) && !Number.isNaN(slippageBps);
  // A refusal stays until the form changes.
  const refused = useRef<{ text: string; why: ApiError }>();
  const read = async (): Promise<QuoteAnswer | undefined> => {
    if (!askable) return undefined;
    if (refused.current?.text === settled) throw refused.current.why;
    try {
      return await api.quote(JSON.parse(settled));
    } catch (cause) {
      if (cause instanceof ApiError && cause.status === 422) {
        refused.current = { text: settled, why: cause };
      }
      throw cause;
    }
  };
  return useLoad(settled, read, quoteEveryMs);
}

interface FieldProps {
  label: string;
  name: string;
  value: string;
  onInput: (value: string) => void;
  error?: string | undefined;
  unit?: string;
  numeric?: boolean;
  tokens?: boolean;
}
function Field({ label, name, value, onInput, error, unit, numeric, tokens }: FieldProps) {
  return (
    <div class={`field ${error ? "wrong" : ""}`}>
      <label for={name}>{label}</label>
      <div class="with-unit">
        <input
          id={name}
          name={name}
          value={value}
          autocomplete="off"
          spellcheck={false}
          {...(numeric && { inputMode: "decimal" as const })}
          {...(tokens && { list: "tokens" })}
          aria-invalid={Boolean(error)}
          {...(error && { "aria-describedby": `${name}-error` })}
          onInput={(event) => {
            const typed = event.currentTarget.value;
            onInput(tokens ? typed.trim().toUpperCase() : typed);
          }}
        />
        {unit && <span class="unit">{unit}</span>}
      </div>
      <p id={`${name}-error`} class="field-error" role={error ? "alert" : undefined}>
        {error ?? ""}
      </p>
    </div>
  );
}

function QuotePanel({ quoted, form }: { quoted: ReturnType<typeof useQuote>; form: Form }) {
  const { value, error, loading } = quoted;
  return (
    <Panel title="Quotes now" aside={<span class="muted">updated every 2 s</span>}>
      {error !== undefined ? (
        fieldsOf(error) ? (
          <Empty title="No quotes">Correct the marked fields to see what the venues offer.</Empty>
        ) : (
          <Failure error={error} retry={quoted.reload} />
        )
      ) : value ? (
        <>
          <QuoteTable
            quotes={value.quotes}
            winner={value.route?.venue}
            input={value.inputToken}
            output={value.outputToken}
          />
          {value.route ? (
            <dl class="facts">
              <div>
                <dt>You would get about</dt>
                <dd class="num big">
                  {amount(value.route.amountOut)} <small>{value.outputToken}</small>
                </dd>
              </div>
              <div>
                <dt>At least</dt>
                <dd class="num big">
                  {amount(value.route.minOut)} <small>{value.outputToken}</small>
                </dd>
              </div>
              <div>
                <dt>Price</dt>
                <dd class="num">
                  {price(value.route.price)} {value.outputToken} per {value.inputToken}
                </dd>
              </div>
              <div>
                <dt>Difference between venues</dt>
                <dd class="num">{spreadOf(value)}</dd>
              </div>
            </dl>
          ) : (
            <Notice tone="warn">No venue can take this order now.</Notice>
          )}
        </>
      ) : loading ? (
        <Loading what="quotes" />
      ) : (
        <Empty title="No quotes yet">
          {form.amount ? "Choose both tokens." : "Enter an amount to see what the venues offer."}
        </Empty>
      )}
    </Panel>
  );
}

// For display only: a ratio of two amounts, in basis points.
export function spreadOf(answer: Pick<QuoteAnswer, "quotes">): string {
  const outs = answer.quotes.flatMap((quote) => (quote.amountOut ? [Number(quote.amountOut)] : []));
  if (outs.length < 2) return "–";
  const best = Math.max(...outs);
  return `${(((best - Math.min(...outs)) / best) * 100).toFixed(2)} %`;
}

function Running({ id }: { id: string }) {
  const { value, error, reload } = useOrder(id);
  const section = useRef<HTMLElement>(null);
  // In a narrow window it begins far below the button.
  useEffect(() => {
    const top = section.current?.getBoundingClientRect().top ?? 0;
    if (top > innerHeight * 0.75) section.current?.scrollIntoView({ block: "start" });
  }, []);
  return (
    <section ref={section} class="running" aria-label="The order you submitted" aria-live="polite">
      <header class="order-head">
        <p class="order-id">
          Submitted: <OrderLink id={id} full />
          <Copy text={id} what="order id" />
        </p>
        {value && (
          <StatusBadge status={value.order.status} unknown={value.order.outcome === "unknown"} />
        )}
      </header>
      {error !== undefined && <Failure error={error} retry={reload} />}
      {value ? (
        <div class="columns">
          <div>
            <Timeline events={value.events} until={value.events.length} />
          </div>
          <div>
            <OrderFacts order={value.order} />
            <Attempts events={value.events} order={value.order} />
          </div>
        </div>
      ) : (
        error === undefined && <Loading what="the order" />
      )}
    </section>
  );
}
