// The log, event by event: from a seq or a time, by type, or following its end.
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ApiError, wasAway } from "../data/api";
import { health, logGeneration, onceLive, watchUpdates } from "../data/engine";
import { useLive } from "../data/live";
import { LogReader, seqAtTime } from "../data/log_reader";
import { eventTypes, isOfOrder, type OrderEvent } from "../data/types";
import { count, eventWords } from "../format";
import { type Route, setView } from "../route";
import { Empty, Failure, Loading, OrderLink, StaleNotice, Time } from "../ui/pieces";
import { VirtualList } from "../ui/virtual_list";
import { RawEvent, summaryOf } from "./order_timeline";

const rowHeight = 32;
const keyOf = (event: OrderEvent) => String(event.seq);

export function LogScreen({ route }: { route: Route }) {
  const { view } = route;
  const type = view.get("type") ?? "";
  const seq = Number(view.get("seq")) || 0;
  const follow = view.get("follow") === "1";
  const generation = useLive(logGeneration);
  const head = Number(useLive(health).value?.["headSeq"] ?? 0);
  const [opened, setOpened] = useState<OrderEvent>();

  const known = head > 0;
  // Without a seq the newest events are shown.
  const from = useMemo(
    () => (seq > 0 ? seq - 1 : Math.max(0, head - 500)),
    [seq, known, generation, follow],
  );
  const reader = useMemo(() => new LogReader(from, type), [from, type, generation]);
  const state = useLive(reader.state);
  const more = useCallback(() => void reader.more(), [reader]);
  useEffect(() => {
    more();
    return () => reader.stop();
  }, [reader, more]);
  const away = wasAway(state.error);
  useEffect(() => (away ? onceLive(more) : undefined), [away, more]);
  useEffect(() => watchUpdates(() => follow && reader.poke()), [reader, follow]);
  useEffect(() => {
    if (seq === 0) return;
    setOpened(state.events.find((event) => event.seq === seq));
  }, [seq, state.events.length > 0]);

  return (
    <>
      <StaleNotice />
      <Toolbar seq={seq} type={type} follow={follow} />
      <Verified />
      {state.error !== undefined && <Failure error={state.error} retry={more} />}
      <div class={`log-split ${opened ? "open" : ""}`}>
        <VirtualList
          class="log-list"
          label="Events of the log, oldest first"
          rows={state.events}
          keyOf={keyOf}
          rowHeight={rowHeight}
          columns={5}
          head={<Head />}
          draw={(event) => <Row event={event} />}
          onOpen={setOpened}
          onEnd={more}
          atEnd={follow}
          foot={
            <>
              <span class="num">{count(state.events.length)} events shown</span>
              <span class="muted num">
                {state.loading
                  ? "reading…"
                  : state.atEnd
                    ? "up to the end of the log"
                    : `read up to seq ${count(state.after)}`}
              </span>
            </>
          }
          empty={
            state.error === undefined && (
              <NoEvents
                reading={state.loading || !state.atEnd}
                type={type}
                head={seq > head ? head : 0}
              />
            )
          }
        />
        {opened && (
          <aside class="panel" aria-label="The chosen event">
            <header>
              <h2>Event {opened.seq}</h2>
              <button
                type="button"
                class="icon"
                aria-label="Close the event"
                onClick={() => setOpened(undefined)}
              >
                ×
              </button>
            </header>
            {opened.orderId && isOfOrder(opened.type) && (
              <p>
                Order <OrderLink id={opened.orderId} full />
              </p>
            )}
            <RawEvent key={opened.seq} event={opened} open />
          </aside>
        )}
      </div>
    </>
  );
}

// `head`: the last seq of the log, when that is before the requested seq.
function NoEvents({ reading, type, head }: { reading: boolean; type: string; head: number }) {
  if (reading) return <Loading what="events" />;
  const what = type ? `No ${eventWords(type).toLowerCase()} event` : "No events";
  return (
    <Empty title={`${what} from here on`}>
      {head > 0 ? `The log ends at seq ${count(head)}.` : "They appear here as they are written."}
    </Empty>
  );
}

function Toolbar({ seq, type, follow }: { seq: number; type: string; follow: boolean }) {
  const [typed, setTyped] = useState(seq ? String(seq) : "");
  const [message, setMessage] = useState("");
  const wanted = useRef(0);
  useEffect(() => setTyped(seq ? String(seq) : ""), [seq]);
  const go = (event: Event) => {
    event.preventDefault();
    const text = typed.replace(/[,\s]/g, "");
    if (text !== "" && !/^[1-9]\d*$/.test(text))
      return setMessage("A seq is a whole number from 1.");
    setMessage("");
    setView({ seq: text, follow: "" });
  };
  const goToTime = async (text: string) => {
    const time = new Date(text);
    if (Number.isNaN(time.getTime())) return;
    const mine = ++wanted.current;
    setMessage("Searching for that time…");
    try {
      const found = await seqAtTime(time.toISOString());
      if (mine !== wanted.current) return;
      setMessage(found === undefined ? "No event was written after that time." : "");
      if (found !== undefined) setView({ seq: String(found), follow: "" });
    } catch (cause) {
      setMessage(cause instanceof ApiError ? cause.message : String(cause));
    }
  };
  return (
    <div class="toolbar">
      <form class="inline" onSubmit={go}>
        <label for="seq">From seq</label>
        <input
          id="seq"
          inputMode="numeric"
          size={9}
          value={typed}
          placeholder="newest"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="submit">Go</button>
      </form>
      <label class="inline">
        or time
        <input
          type="datetime-local"
          step={1}
          onChange={(event) => void goToTime(event.currentTarget.value)}
        />
      </label>
      <select
        aria-label="Event type"
        value={type}
        class={type ? "set" : ""}
        onChange={(event) => setView({ type: event.currentTarget.value })}
      >
        <option value="">Any type</option>
        {eventTypes.map((each) => (
          <option key={each} value={each}>
            {eventWords(each)}
          </option>
        ))}
      </select>
      <span class="gap" />
      <span class="muted" role="status">
        {message}
      </span>
      <button
        type="button"
        class={follow ? "primary" : ""}
        aria-pressed={follow}
        onClick={() => setView(follow ? { follow: "" } : { follow: "1", seq: "" })}
      >
        {follow ? "Following" : "Follow"}
      </button>
    </div>
  );
}

function Verified() {
  const { value } = useLive(health);
  if (!value) return null;
  const head = value["headSeq"];
  const scrubbed = Number(value["scrubbedSeq"] ?? 0);
  const hash = value["headHash"];
  return (
    <p class="verified">
      {head !== undefined && (
        <span>
          Head <strong class="num">seq {count(Number(head))}</strong>
        </span>
      )}
      {typeof hash === "string" ? <code>{hash}</code> : null}
      <span>
        Verified in the background up to <strong class="num">seq {count(scrubbed)}</strong>
      </span>
      {hash === undefined && (
        <span class="muted">
          A gateway does not show the head's hash. The engine and <code>log-dump verify</code> do.
        </span>
      )}
    </p>
  );
}

function Head() {
  return (
    <>
      <span role="columnheader" class="right seq">
        Seq
      </span>
      <span role="columnheader">Time</span>
      <span role="columnheader">Event</span>
      <span role="columnheader">Order</span>
      <span role="columnheader" class="summary">
        What
      </span>
    </>
  );
}

function Row({ event }: { event: OrderEvent }) {
  return (
    <>
      <span role="gridcell" class="right num seq">
        {event.seq}
      </span>
      <span role="gridcell">
        <Time at={event.ts} withDay />
      </span>
      <span role="gridcell" class={`event ${event.type}`}>
        {eventWords(event.type)}
      </span>
      <span role="gridcell">
        {event.orderId && isOfOrder(event.type) && <OrderLink id={event.orderId} />}
      </span>
      <span role="gridcell" class="muted summary" title={summaryOf(event)}>
        {summaryOf(event)}
      </span>
    </>
  );
}
