import { expect, test } from "vitest";
import { limitText, limitWords, shareOf } from "../../../api/web/src/data/risk";

test.each([
  ["50", "1.5", 0.03],
  ["50", "75", 1.5],
  ["0", "0", 1], // nothing is allowed
  [undefined, "3", undefined],
  ["50", undefined, undefined],
])("a limit of %s with a use of %s has a bar of %s", (limit, use, share) =>
  expect(shareOf(limit, use)).toBe(share));

test.each([
  ["slippage_bps", "300", "at most 3.00 %"],
  ["pairs", "SOL/USDC,USDC/SOL", "SOL/USDC, USDC/SOL"],
  ["tokens", "", "none"],
  ["open_notional", "20000.50", "20,000.5"],
])("the limit %s of %s is shown as %s", (name, limit, text) =>
  expect(limitText(name, limit)).toBe(text));

test("a limit that is new is readable without being known here", () =>
  expect(limitWords("week_notional")).toBe("week notional"));
