// The blotter's filters and its live switch. Every change goes into the URL.
import { useEffect, useRef, useState } from "preact/hooks";
import { store } from "../data/engine";
import { isOrderId } from "../data/lookup";
import { statuses } from "../data/types";
import { count } from "../format";
import { href, setView } from "../route";
import { useShortcut } from "./blotter";
import { type BlotterView, spans } from "./blotter_view";

const searchAfterMs = 250;
// The tokens of the built-in registry. Other tokens appear once the page knows an order with them.
const builtInTokens = ["SOL", "USDC", "USDT", "BONK", "JUP", "RAY", "ETH"];
const builtInVenues = ["raydium", "meteora"];

interface Props {
  view: BlotterView;
  paused: boolean;
  waiting: number;
  onPause: () => void;
}

export function BlotterFilters({ view, paused, waiting, onPause }: Props) {
  const { tokens, venues } = known(view);
  const filtered = Object.values(view).some(Boolean);
  return (
    <div class="toolbar" role="search" aria-label="Filter orders">
      <Search text={view.search} />
      <Choice
        label="Status"
        name="status"
        value={view.status}
        options={[...statuses]}
        any="Any status"
      />
      <Choice label="Token" name="token" value={view.token} options={tokens} any="Any token" />
      <Choice label="Venue" name="venue" value={view.venue} options={venues} any="Any venue" />
      <Since value={view.since} />
      {filtered && (
        <a class="button" href={href("blotter")}>
          Clear
        </a>
      )}
      <span class="gap" />
      <button
        type="button"
        class={paused ? "primary live" : "live"}
        aria-pressed={paused}
        onClick={onPause}
        title="Keep the rows as they are (p)"
      >
        {paused ? `Resume${waiting > 0 ? ` (${count(waiting)} new)` : ""}` : "Pause"}
      </button>
    </div>
  );
}

function known(view: BlotterView) {
  const tokens = new Set(builtInTokens);
  const venues = new Set(builtInVenues);
  if (view.token) tokens.add(view.token);
  if (view.venue) venues.add(view.venue);
  for (const order of store.newest(500)) {
    if (order.inputToken) tokens.add(order.inputToken);
    if (order.outputToken) tokens.add(order.outputToken);
    if (order.venue) venues.add(order.venue);
  }
  return { tokens: [...tokens].sort(), venues: [...venues].sort() };
}

function Choice(props: {
  label: string;
  name: string;
  value: string;
  options: string[];
  any: string;
}) {
  return (
    <select
      aria-label={props.label}
      value={props.value}
      class={props.value ? "set" : ""}
      onChange={(event) => setView({ [props.name]: event.currentTarget.value })}
    >
      <option value="">{props.any}</option>
      {props.options.map((option) => (
        <option key={option} value={option}>
          {option}
        </option>
      ))}
    </select>
  );
}

function Since({ value }: { value: string }) {
  const own = value !== "" && !(value in spans);
  const [picking, setPicking] = useState(own);
  return (
    <>
      <select
        aria-label="Accepted since"
        value={picking ? "own" : value}
        class={value ? "set" : ""}
        onChange={(event) => {
          const choice = event.currentTarget.value;
          setPicking(choice === "own");
          if (choice !== "own") setView({ since: choice });
        }}
      >
        <option value="">Any time</option>
        {Object.entries(spans).map(([key, { label }]) => (
          <option key={key} value={key}>
            {label}
          </option>
        ))}
        <option value="own">Since …</option>
      </select>
      {picking && (
        <input
          type="datetime-local"
          aria-label="Since, local time"
          value={own ? localInput(value) : ""}
          onChange={(event) => {
            const chosen = new Date(event.currentTarget.value);
            setView({ since: Number.isNaN(chosen.getTime()) ? "" : chosen.toISOString() });
          }}
        />
      )}
    </>
  );
}

function localInput(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function Search({ text }: { text: string }) {
  const [typed, setTyped] = useState(text);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    const timer = setTimeout(
      () => typed.trim() !== text && setView({ q: typed.trim() }),
      searchAfterMs,
    );
    return () => clearTimeout(timer);
  }, [typed, text]);
  useShortcut("/", () => field.current?.focus());
  return (
    <input
      ref={field}
      type="search"
      class="search"
      placeholder="Order id, client order id or tx hash"
      aria-label="Search by order id, client order id or transaction hash; Enter opens a whole order id"
      value={typed}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => {
        const id = typed.trim();
        if (event.key === "Enter" && isOrderId(id)) location.hash = href("order", id.toLowerCase());
      }}
    />
  );
}
