import { expect, test } from "vitest";
import {
  amendable,
  amendmentOf,
  bpsOf,
  type Form,
  membersOf,
  orderTypes,
  placeOf,
  termsOf,
  textsOf,
  unitText,
} from "../../../api/web/src/data/order_form";
import type { Order } from "../../../api/web/src/data/types";

const pair = { inputToken: "SOL", outputToken: "USDC", amount: " 1.50 " };
const everything: Form = {
  ...pair,
  limitPrice: "155.25",
  triggerPrice: "140",
  triggerWhen: "atOrBelow",
  minLiquidity: "100000",
  slices: "10",
  interval: "30s",
  randomize: "20",
  slippageBps: "0.5",
  timeInForce: "",
  allowPartial: "true",
};
const common = { ...pair, amount: "1.50", slippageBps: 50, allowPartial: true };

test.each([
  ["market", {}],
  ["limit", { limitPrice: "155.25" }],
  ["stop", { triggerPrice: "140", triggerWhen: "atOrBelow", limitPrice: "155.25" }],
  ["sniper", { minLiquidity: "100000", limitPrice: "155.25" }],
  ["twap", { slices: 10, interval: "30s", randomize: 20, limitPrice: "155.25" }],
])("a %s order has the members of its type and no other", (type, own) => {
  expect(placeOf({ ...everything, type })).toEqual({
    body: { type, ...common, ...own },
    wrong: {},
  });
});

test.each(["market", "limit", "stop", "sniper"])("a %s order of an exact output", (type) => {
  const form: Form = { ...everything, type, exact: "true", outputAmount: "150", maxInput: "1.5" };
  const { body } = placeOf({ ...form, minOut: "149" });
  expect(body).toMatchObject({ outputAmount: "150", maxInput: "1.5", slippageBps: 50 });
  for (const refused of ["amount", "minOut", "allowPartial", "exact"])
    expect(body).not.toHaveProperty(refused);
});

test("a twap order sells an amount, whatever was chosen for another type", () => {
  const { body } = placeOf({ ...everything, type: "twap", exact: "true", outputAmount: "150" });
  expect(body).toMatchObject({ amount: "1.50" });
  expect(body).not.toHaveProperty("outputAmount");
});

test("an amount keeps its text, whatever a double could represent", () => {
  const amount = "0.123456789012345678";
  expect(placeOf({ ...pair, type: "market", amount }).body["amount"]).toBe(amount);
});

test("a text that is not of its kind is not sent, and is named", () => {
  const { body, wrong } = placeOf({
    ...everything,
    type: "twap",
    slices: "2.5",
    slippageBps: "1 %",
    expiresAt: "tomorrow",
  });
  expect(Object.keys(wrong).sort()).toEqual(["expiresAt", "slices", "slippageBps"]);
  expect(body).not.toHaveProperty("slices");
});

test("a time is sent in UTC", () => {
  const expiresAt = "2030-06-01T12:00:00";
  expect(placeOf({ ...pair, type: "limit", expiresAt }).body["expiresAt"]).toBe(
    new Date(expiresAt).toISOString(),
  );
});

test("only what a type needs is required", () => {
  const required = (type: string) =>
    membersOf(type).flatMap(({ name, required }) => (required ? [name] : []));
  expect(Object.keys(orderTypes).map(required)).toEqual([
    ["amount"],
    ["amount", "limitPrice"],
    ["amount", "triggerPrice", "triggerWhen"],
    ["amount"],
    ["amount", "slices", "interval"],
  ]);
});

test.each([
  ["0.5", 50],
  ["100", 10_000],
  ["0.125", Number.NaN],
  ["", Number.NaN],
])("%s per cent are %d bps", (percent, bps) => expect(bpsOf(percent)).toBe(bps));

test("units name the tokens of the pair", () => {
  expect(unitText("price", pair)).toBe("USDC per SOL");
  expect(unitText("output", pair)).toBe("USDC");
});

test("an order shows the terms that it has, in words", () => {
  const order = { ...pair, type: "stop", triggerPrice: "1140.50", triggerWhen: "atOrAbove" };
  expect(termsOf({ ...order, allowPartial: true, randomize: 0 } as unknown as Order)).toEqual([
    { label: "Trigger price", text: "1,140.5 USDC per SOL" },
    { label: "Trigger when the price is", text: "at or above it (take profit)" },
    { label: "Random delay of a slice, at most", text: "0 %" },
    { label: "Fill in parts", text: "yes" },
  ]);
});

const resting = {
  ...pair,
  amountIn: "1.5",
  type: "limit",
  limitPrice: "155.25",
  slippageBps: 10_000,
  expiresAt: "2030-06-01T12:00:00.123456Z",
} as unknown as Order;
const texts = textsOf(resting);

test("an amendment has only what was changed", () => {
  expect(amendmentOf(resting, texts)).toEqual({ body: {}, wrong: {} });
  expect(
    amendmentOf(resting, { ...texts, amount: "2", slippageBps: "0.5", expiresAt: "" }),
  ).toEqual({ body: { amount: "2", slippageBps: 50, expiresAt: null }, wrong: {} });
});

test("of an exact output the most input is amended", () => {
  const exact = { ...resting, outputAmount: "150", amountIn: "1.5" } as Order;
  expect(textsOf(exact)).toMatchObject({ maxInput: "1.5" });
  expect(amendmentOf(exact, { ...textsOf(exact), maxInput: "1.75" })).toEqual({
    body: { maxInput: "1.75" },
    wrong: {},
  });
});

test("a price cannot be emptied", () => {
  expect(amendmentOf(resting, { ...texts, limitPrice: " " })).toEqual({
    body: {},
    wrong: { limitPrice: "must have a value" },
  });
});

test("only the prices that an order has can be amended", () => {
  const names = (order: Partial<Order>) => amendable(order as Order).map(({ name }) => name);
  const always = ["slippageBps", "minOut", "expiresAt"];
  expect(names({ type: "market" })).toEqual(["amount", ...always]);
  expect(names(resting)).toEqual(["amount", "limitPrice", ...always]);
  expect(names({ type: "market", outputAmount: "150" })).toEqual([
    "maxInput",
    "slippageBps",
    "expiresAt",
  ]);
  expect(names({ type: "stop", triggerPrice: "140" })).toEqual([
    "amount",
    "triggerPrice",
    ...always,
  ]);
});
