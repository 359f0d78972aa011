// Quotes side by side: each venue's offers, the chosen one, and why the others are not chosen.
import { type Choice, isChosen, poolsText, reasonText } from "../data/quotes";
import type { Quote } from "../data/types";
import { amount, percentOfBps, price } from "../format";
import { Path } from "./path";

interface Props {
  quotes: Quote[];
  winner: Choice | undefined;
  input: string;
  output: string;
}

export function QuoteTable({ quotes, winner, input, output }: Props) {
  const hasInputs = quotes.some((quote) => quote.amountIn);
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label="Quotes">
      <table class="quotes">
        <thead>
          <tr>
            <th scope="col">Venue</th>
            {hasInputs && (
              <th scope="col" class="right">
                Amount in, {input}
              </th>
            )}
            <th scope="col" class="right">
              Amount out, {output}
            </th>
            <th scope="col" class="right">
              Price
            </th>
            <th scope="col" class="right">
              Fee, {input}
            </th>
            <th scope="col" class="right">
              Impact
            </th>
          </tr>
        </thead>
        {quotes.map((quote) => (
          <tbody
            key={`${quote.venue} ${poolsText(quote.path)}`}
            class={isChosen(quote, winner, quotes) ? "winner" : ""}
          >
            <tr>
              <th scope="row">
                {quote.venue}
                {isChosen(quote, winner, quotes) && <span class="flag good">best</span>}
                {quote.path && (
                  <div class="muted">
                    <Path input={input} path={quote.path} />
                  </div>
                )}
              </th>
              {hasInputs && <td class="right num">{amount(quote.amountIn)}</td>}
              <td class="right num">{amount(quote.amountOut)}</td>
              <td class="right num" title={quote.price ?? ""}>
                {price(quote.price)}
              </td>
              <td class="right num">{amount(quote.fee)}</td>
              <td class="right num">
                {quote.priceImpactBps === undefined ? "–" : percentOfBps(quote.priceImpactBps)}
              </td>
            </tr>
            {reasonText(quote) && (
              <tr class="why">
                <td colSpan={hasInputs ? 6 : 5}>{reasonText(quote)}</td>
              </tr>
            )}
          </tbody>
        ))}
      </table>
    </div>
  );
}
