// The consumers of the log, and the lag of each.
import type { Health } from "../data/types";
import { count } from "../format";

const consumers = [
  { key: "projector", name: "Read model", detail: "lists", position: "projectedSeq" },
  { key: "publisher", name: "Live updates", detail: "this page", position: "publishedSeq" },
];

function text(value: unknown, before: string, unit: string): string {
  return typeof value === "number" ? `${before}${count(value)}${unit}` : "–";
}

export function ConsumersTable({ value, positions }: { value: Health; positions: boolean }) {
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label="Consumers">
      <table>
        <thead>
          <tr>
            <th scope="col">Consumer</th>
            {positions && (
              <th scope="col" class="right">
                Position
              </th>
            )}
            <th scope="col" class="right">
              Behind
            </th>
            <th scope="col" class="right">
              For
            </th>
          </tr>
        </thead>
        <tbody>
          {consumers.map(({ key, name, detail, position }) => (
            <tr key={key}>
              <th scope="row">
                {name} <small>{detail}</small>
              </th>
              {positions && <td class="right num">{text(value[position], "seq ", "")}</td>}
              <td class="right num">{text(value[`${key}LagEvents`], "", " events")}</td>
              <td class="right num">{text(value[`${key}LagSeconds`], "", " s")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
