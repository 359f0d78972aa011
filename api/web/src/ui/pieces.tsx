// Small pieces that every screen uses.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, token, tokenQuestion } from "../data/api";
import { stream } from "../data/engine";
import { useLive } from "../data/live";
import type { Order, Status } from "../data/types";
import { localTime, shortHash, shortId } from "../format";
import { href } from "../route";

export function Time({ at, withDay = false }: { at: string; withDay?: boolean }) {
  return (
    <time dateTime={at} title={`${at.replace("T", " ").replace("Z", "")} UTC`} class="num">
      {localTime(at, withDay)}
    </time>
  );
}

// Works without the asynchronous clipboard too: browsers deny it to pages on plain HTTP.
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "off-screen";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (!copied) throw new Error("The browser does not allow copying.");
}

export function Copy({ text, what }: { text: string; what: string }) {
  const [result, setResult] = useState("");
  useEffect(() => {
    if (!result) return;
    const timer = setTimeout(() => setResult(""), 1_500);
    return () => clearTimeout(timer);
  }, [result]);
  const copy = () =>
    copyText(text).then(
      () => setResult("Copied"),
      () => setResult("Not allowed"),
    );
  return (
    <button
      type="button"
      class="copy"
      onClick={copy}
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
    >
      {result ? (
        <span role="status">{result}</span>
      ) : (
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
          <path d="M10.5 5V3.5A1.5 1.5 0 0 0 9 2H3.5A1.5 1.5 0 0 0 2 3.5V9a1.5 1.5 0 0 0 1.5 1.5H5" />
        </svg>
      )}
    </button>
  );
}

export function StatusBadge({ status, unknown = false }: { status: Status; unknown?: boolean }) {
  return (
    <span class={`badge ${unknown ? "unknown" : status}`}>
      {unknown ? "submitted, outcome unknown" : status}
    </span>
  );
}

export function OrderLink({ id, full = false }: { id: string; full?: boolean }) {
  return (
    <a class="mono" href={href("order", id)} title={id}>
      {full ? id : shortId(id)}
    </a>
  );
}

export function Hash({ text, what }: { text: string; what: string }) {
  return (
    <span class="mono nowrap" title={text}>
      {shortHash(text)}
      <Copy text={text} what={what} />
    </span>
  );
}

export function pairOf(order: Order): string {
  return order.inputToken ? `${order.inputToken} → ${order.outputToken}` : "…";
}

export type Tone = "info" | "bad" | "warn" | "good";
export function Notice({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return (
    <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : "status"}>
      {children}
    </div>
  );
}

export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const requestId = error instanceof ApiError ? error.requestId : "";
  const refused = error instanceof ApiError && error.status === 401; // the page asks for a token
  const forbidden = error instanceof ApiError && error.status === 403 && token.value !== "";
  return (
    <Notice tone="bad">
      <span>{error instanceof Error ? error.message : String(error)}</span>
      {requestId && <span class="muted">request {requestId}</span>}
      {forbidden && (
        <button type="button" onClick={() => tokenQuestion.set("other")}>
          Use another token
        </button>
      )}
      {retry && !refused && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </Notice>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <div class="empty" role="status">
      <span class="spinner" aria-hidden="true" /> Loading {what}…
    </div>
  );
}

// Shown above data that may be old.
export function StaleNotice() {
  const connection = useLive(stream.connection);
  const question = useLive(tokenQuestion);
  if (connection.state !== "lost" || question === "needed") return null;
  return (
    <Notice tone="warn">
      <span>Not connected: {connection.why} The data is as of the last update.</span>
      <button type="button" onClick={() => stream.retryNow()}>
        Reconnect now
      </button>
    </Notice>
  );
}

export function Panel(props: {
  title: string;
  aside?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}) {
  return (
    <section class={`panel ${props.class ?? ""}`} aria-label={props.title}>
      <header>
        <h2>{props.title}</h2>
        {props.aside && <div class="aside">{props.aside}</div>}
      </header>
      {props.children}
    </section>
  );
}

// A modal question with the browser's own focus and Escape handling.
export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-label={props.title} onClose={props.onClose}>
      <h2>{props.title}</h2>
      {props.children}
    </dialog>
  );
}
