// A new order: live quotes while the user types, then the events of the order as it runs.
import { useEffect, useRef, useState } from "preact/hooks";
import registry from "../../../../schemas/tokens.json";
import { type Accepted, ApiError, api } from "../data/api";
import { IdempotencyKey } from "../data/idempotency";
import { Live, useLive } from "../data/live";
import {
  type Form,
  isExact,
  type Kind,
  membersOf,
  orderTypes,
  placeOf,
  type Request,
  unitText,
} from "../data/order_form";
import { bestOffers, choiceOf } from "../data/quotes";
import type { QuoteAnswer } from "../data/types";
import { useOrder } from "../data/use_order";
import { amount, price } from "../format";
import { Field } from "../ui/field";
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

// The typed values stay while the user visits other screens.
const lastForm = new Live<Form>({
  type: "market",
  inputToken: "SOL",
  outputToken: "USDC",
  amount: "1.5",
  triggerWhen: "atOrBelow",
});
const orderKey = new IdempotencyKey();

export function SubmitScreen() {
  const form = useLive(lastForm);
  const [accepted, setAccepted] = useState<Accepted>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const { type = "", inputToken = "", outputToken = "" } = form;
  const { body, wrong } = placeOf(form);
  const shown = membersOf(type, isExact(form));

  const set = (changes: Form) => {
    lastForm.set({ ...lastForm.value, ...changes });
    setError(undefined);
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (Object.keys(wrong).length > 0 || busy) return;
    setBusy(true);
    setError(undefined);
    try {
      setAccepted(await api.place(body, orderKey.of(JSON.stringify(body))));
      orderKey.done();
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
    }
  };

  const quoted = useQuote(body, type === "market" ? body["slippageBps"] : undefined);
  const fields = fieldsOf(error) ?? fieldsOf(quoted.error) ?? {};
  const places = ["type", "inputToken", "outputToken", ...shown.map(({ name }) => name)];
  const elsewhere = Object.keys(fieldsOf(error) ?? {}).some((name) => !places.includes(name));
  const field = (name: string) => ({
    id: name,
    value: form[name] ?? "",
    onInput: (value: string) => set({ [name]: value }),
    error: wrong[name] ?? fields[name],
  });
  return (
    <>
      <StaleNotice />
      <div class="columns submit">
        <Panel title="New order">
          <form onSubmit={(event) => void submit(event)} noValidate>
            <Field {...field("type")} label="Type" kind="choice" choices={typeChoices} />
            <p class="muted about">{orderTypes[type]?.about}</p>
            <div class="pair-fields">
              <Field {...field("inputToken")} label="Sell" kind="token" />
              <button
                type="button"
                class="icon swap"
                aria-label="Swap the two tokens"
                title="Swap the two tokens"
                onClick={() => set({ inputToken: outputToken, outputToken: inputToken })}
              >
                ⇄
              </button>
              <Field {...field("outputToken")} label="Buy" kind="token" />
            </div>
            <div class="fields">
              {orderTypes[type]?.exactOutput && (
                <Field {...field("exact")} label="Buy an exact amount" kind="check" />
              )}
              {shown.map(({ name, label, required, unit, ...member }) => (
                <Field
                  key={name}
                  {...member}
                  {...field(name)}
                  label={required || !typed(member.kind) ? label : `${label} (optional)`}
                  unit={unitText(unit, form)}
                />
              ))}
            </div>
            <datalist id="tokens">
              {registry.tokens.map((token) => (
                <option key={token.symbol} value={token.symbol}>
                  {token.name}
                </option>
              ))}
            </datalist>
            {error !== undefined && (elsewhere || !fieldsOf(error)) && <Failure error={error} />}
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

const typeChoices = Object.entries(orderTypes).map(([type, { label }]): [string, string] => [
  type,
  label,
]);
const typed = (kind: Kind) => kind !== "choice" && kind !== "check";

// The messages by field, when the engine's problem names fields.
function fieldsOf(error: unknown): Record<string, string> | undefined {
  if (!(error instanceof ApiError) || Object.keys(error.fields).length === 0) return undefined;
  return error.fields;
}

function useQuote(body: Request["body"], slippageBps: unknown) {
  const { inputToken, outputToken, amount: amountIn, outputAmount } = body;
  const allowPartial = body.allowPartial && !outputAmount ? true : undefined;
  const wanted = {
    inputToken,
    outputToken,
    amount: amountIn,
    outputAmount,
    slippageBps,
    allowPartial,
  };
  const text = JSON.stringify(wanted);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), quoteAfterMs);
    return () => clearTimeout(timer);
  }, [text]);
  const askable = Boolean(inputToken && outputToken && (amountIn || outputAmount));
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
            winner={choiceOf(value.route)}
            input={value.inputToken}
            output={value.outputToken}
          />
          {value.route ? (
            <dl class="facts">
              {boundsOf(value, form["type"] === "market").map(({ name, of, token }) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd class="num big">
                    {amount(of)} <small>{token}</small>
                  </dd>
                </div>
              ))}
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
          {form[isExact(form) ? "outputAmount" : "amount"]
            ? "Choose both tokens."
            : "Enter an amount to see what the venues offer."}
        </Empty>
      )}
    </Panel>
  );
}

// The output of the route, or the input of an exact output. With `slippage` also the bound of that.
function boundsOf({ route, ...answer }: QuoteAnswer, slippage: boolean) {
  const bounds = answer.outputAmount
    ? [
        { name: "You would sell about", of: route?.amountIn, token: answer.inputToken },
        { name: "At most", of: slippage ? route?.maxInput : undefined, token: answer.inputToken },
      ]
    : [
        { name: "You would get about", of: route?.amountOut, token: answer.outputToken },
        { name: "At least", of: slippage ? route?.minOut : undefined, token: answer.outputToken },
      ];
  return bounds.filter(({ of }) => of !== undefined);
}

// For display only: a ratio of two amounts.
export function spreadOf(answer: Pick<QuoteAnswer, "quotes" | "outputAmount">): string {
  const offers = bestOffers(answer.quotes, answer.outputAmount !== undefined);
  if (offers.length < 2) return "–";
  const most = Math.max(...offers);
  return `${(((most - Math.min(...offers)) / most) * 100).toFixed(2)} %`;
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
