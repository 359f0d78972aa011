// The order types as a table: the members of each, in the order of the form, and how a text that
// was typed becomes a member of the request. The engine checks the values.
import { amount } from "../format";
import type { Order } from "./types";

export type Kind = "decimal" | "percent" | "whole" | "text" | "time" | "check" | "choice";
export interface Member {
  label: string;
  kind: Kind;
  unit?: "input" | "output" | "price" | "%"; // of tokens; price: output per input
  hint?: string;
  choices?: [value: string, label: string][];
}

export const members = {
  amount: { label: "Amount", kind: "decimal", unit: "input" },
  outputAmount: { label: "Output, exactly", kind: "decimal", unit: "output" },
  maxInput: { label: "Input, at most", kind: "decimal", unit: "input" },
  triggerPrice: { label: "Trigger price", kind: "decimal", unit: "price" },
  triggerWhen: {
    label: "Trigger when the price is",
    kind: "choice",
    choices: [
      ["atOrBelow", "at or below it (stop loss)"],
      ["atOrAbove", "at or above it (take profit)"],
    ],
  },
  limitPrice: { label: "Limit price", kind: "decimal", unit: "price" },
  minLiquidity: { label: "Least liquidity of the pool", kind: "decimal", unit: "output" },
  slices: { label: "Slices", kind: "whole", hint: "2 to 1000" },
  interval: { label: "Time between slices", kind: "text", hint: "such as 30s" },
  randomize: { label: "Random delay of a slice, at most", kind: "whole", unit: "%" },
  slippageBps: {
    label: "Slippage, at most",
    kind: "percent",
    unit: "%",
    hint: "1, without a limit price",
  },
  minOut: { label: "Least output", kind: "decimal", unit: "output" },
  timeInForce: {
    label: "Time in force",
    kind: "choice",
    choices: [
      ["", "as usual for the type"],
      ["gtc", "good till cancelled"],
      ["gtt", "good till it expires"],
      ["ioc", "immediate or cancel"],
      ["fok", "fill or kill"],
    ],
  },
  expiresAt: { label: "Expires", kind: "time" },
  allowPartial: { label: "Fill in parts", kind: "check" },
  clientOrderId: { label: "Client order id", kind: "text" },
} satisfies Record<string, Member>;
export type MemberName = keyof typeof members;

interface OrderType {
  label: string;
  about: string;
  exactOutput: boolean; // may have an outputAmount instead of an amount
  required: MemberName[];
  optional: MemberName[]; // of this type; `common` follow
}
const common: MemberName[] = [
  "slippageBps",
  "minOut",
  "timeInForce",
  "expiresAt",
  "allowPartial",
  "clientOrderId",
];

export const orderTypes: Record<string, OrderType> = {
  market: {
    label: "Market",
    about: "Trades at once at the best price of the venues.",
    exactOutput: true,
    required: [],
    optional: [],
  },
  limit: {
    label: "Limit",
    about: "Waits until the venues give the limit price or a better one, after all fees.",
    exactOutput: true,
    required: ["limitPrice"],
    optional: [],
  },
  stop: {
    label: "Stop",
    about:
      "Waits until the price crosses the trigger, then trades as a market order, or as a limit order when it has a limit price.",
    exactOutput: true,
    required: ["triggerPrice", "triggerWhen"],
    optional: ["limitPrice"],
  },
  sniper: {
    label: "Sniper",
    about: "Waits for a pair that cannot be traded yet, and trades in the first block that can.",
    exactOutput: true,
    required: [],
    optional: ["minLiquidity", "limitPrice"],
  },
  twap: {
    label: "TWAP",
    about: "Sells the amount in equal slices over time.",
    exactOutput: false,
    required: ["slices", "interval"],
    optional: ["randomize", "limitPrice"],
  },
};

export interface FormMember extends Member {
  name: MemberName;
  required: boolean;
}
// The members of a type, as the form shows them after the pair.
export function membersOf(type: string, exactOutput = false): FormMember[] {
  const { required = [], optional = [] } = orderTypes[type] ?? {};
  const size: MemberName[] = exactOutput ? ["outputAmount", "maxInput"] : ["amount"];
  const need = [...size, ...required];
  const refused: MemberName[] = exactOutput ? ["minOut", "allowPartial"] : [];
  return [...need, ...optional, ...common]
    .filter((name) => !refused.includes(name))
    .map((name) => ({ ...members[name], name, required: need.includes(name) }));
}

// Typed texts by member; a check is "true" or empty. `exact` is a check of the form alone.
export type Form = Record<string, string>;

export const isExact = (form: Form) =>
  Boolean(form["exact"] && orderTypes[form["type"] ?? ""]?.exactOutput);

// "0.5" per cent → 50; NaN when the text is not such a number.
export function bpsOf(percent: string): number {
  if (!/^\d+(\.\d{1,2})?$/.test(percent.trim())) return Number.NaN;
  return Math.round(Number(percent) * 100);
}

type Value = string | number | boolean | null;
const rules: Partial<Record<Kind, string>> = {
  percent: "must be per cent with at most two digits behind the point, as 0.5",
  whole: "must be a whole number",
  time: "must be a date and a time",
};
// undefined: the text is not of this kind.
function sentOf(kind: Kind, text: string): Value | undefined {
  switch (kind) {
    case "percent": {
      const bps = bpsOf(text);
      return Number.isNaN(bps) ? undefined : bps;
    }
    case "whole":
      return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
    case "time": {
      const time = new Date(text); // of the browser's time zone
      return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
    }
    case "check":
      return true;
    default:
      return text;
  }
}

export interface Request {
  body: Record<string, Value>;
  wrong: Record<string, string>; // message by member, for texts that cannot be sent
}
// The members with a text. An empty one is left out.
export function requestOf(shown: FormMember[], form: Form): Request {
  const request: Request = { body: {}, wrong: {} };
  for (const { name, kind } of shown) {
    const text = (form[name] ?? "").trim();
    if (!text) continue;
    const value = sentOf(kind, text);
    if (value === undefined) request.wrong[name] = rules[kind] ?? "";
    else request.body[name] = value;
  }
  return request;
}

export function placeOf(form: Form): Request {
  const { type = "market", inputToken = "", outputToken = "" } = form;
  const { body, wrong } = requestOf(membersOf(type, isExact(form)), form);
  return { body: { type, inputToken, outputToken, ...body }, wrong };
}

type Pair = Pick<Order, "inputToken" | "outputToken">;
export function unitText(unit: Member["unit"], { inputToken = "", outputToken = "" }: Pair) {
  if (unit === "price") return `${outputToken} per ${inputToken}`;
  return unit === "input" ? inputToken : unit === "output" ? outputToken : (unit ?? "");
}

// The terms of an order that only some orders have, in words.
const shownTerms: MemberName[] = [
  "triggerPrice",
  "triggerWhen",
  "limitPrice",
  "minLiquidity",
  "slices",
  "interval",
  "randomize",
  "timeInForce",
  "allowPartial",
];
export function termsOf(order: Order): { label: string; text: string }[] {
  return shownTerms.flatMap((name) => {
    const value = (order as Partial<Record<MemberName, Value>>)[name];
    if (value === undefined || value === "") return [];
    const { label, kind, unit, choices }: Member = members[name];
    const words =
      kind === "check"
        ? "yes"
        : kind === "decimal"
          ? amount(String(value))
          : (choices?.find(([each]) => each === value)?.[1] ?? String(value));
    return [{ label, text: `${words} ${unitText(unit, order)}`.trim() }];
  });
}

// The members of an open order that can be changed.
export function amendable(order: Order): FormMember[] {
  const exactOutput = Boolean(order.outputAmount);
  const always: MemberName[] = ["amount", "maxInput", "slippageBps", "minOut", "expiresAt"];
  return membersOf(order.type ?? "", exactOutput).filter(
    ({ name }) =>
      always.includes(name) ||
      (name === "limitPrice" && order.limitPrice !== undefined) ||
      (name === "triggerPrice" && order.triggerPrice !== undefined),
  );
}

// An order's terms as texts of the form.
export function textsOf(order: Order): Form {
  const { amountIn = "", limitPrice = "", triggerPrice = "", minOutFloor = "" } = order;
  const slippageBps = order.slippageBps === undefined ? "" : String(order.slippageBps / 100);
  const expiresAt = order.expiresAt ? localDateTime(new Date(order.expiresAt)) : "";
  return {
    [order.outputAmount ? "maxInput" : "amount"]: amountIn,
    limitPrice,
    triggerPrice,
    slippageBps,
    minOut: minOutFloor,
    expiresAt,
  };
}

// The text of a datetime-local field.
function localDateTime(time: Date): string {
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}

// The members that were changed. An emptied expiry is null: never.
export function amendmentOf(order: Order, form: Form): Request {
  const before = textsOf(order);
  const changed = amendable(order).filter(
    ({ name }) => (form[name] ?? "").trim() !== (before[name] ?? ""),
  );
  const request = requestOf(changed, form);
  for (const { name } of changed) {
    if ((form[name] ?? "").trim()) continue;
    if (name === "expiresAt") request.body[name] = null;
    else request.wrong[name] = "must have a value";
  }
  return request;
}
