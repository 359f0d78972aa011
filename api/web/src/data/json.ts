// Parses the engine's JSON and keeps the exact text of amounts and prices. The stream sends them as
// numbers with up to 18 decimals, more than a double can represent. They are made strings before
// JSON.parse. A quote inside a string is escaped (\"), so the pattern matches member names only.
const decimals = /"(amount|price|executedPrice|amountFilled|amountOut)":(-?\d[\d.eE+-]*)/g;

export function parseJson<T>(text: string): T {
  return JSON.parse(text.replace(decimals, '"$1":"$2"')) as T;
}
