// The halts of trading over every screen, and the questions that halt and resume trading.
import { useState } from "preact/hooks";
import registry from "../../../../schemas/tokens.json";
import { ApiError, api } from "../data/api";
import { halts } from "../data/engine";
import { scopeWords } from "../data/halts";
import { IdempotencyKey } from "../data/idempotency";
import { useLive } from "../data/live";
import type { Halt, HaltScope } from "../data/types";
import { useAct } from "./act";
import { Dialog, Failure, Time } from "./pieces";

export function HaltBar() {
  const inForce = useLive(halts.inForce);
  const [asked, setAsked] = useState<Halt>();
  if (inForce.length === 0) return null;
  return (
    <section class="halts" aria-label="Halts of trading">
      <ul>
        {inForce.map((halt) => {
          const subject = scopeWords(halt.scope);
          return (
            <li key={halt.haltId}>
              <span role="alert">
                <strong>{subject} is halted</strong> since <Time at={halt.since} withDay /> by{" "}
                {halt.by}: {halt.reason}
              </span>
              <button
                type="button"
                aria-label={`Resume: ${subject}, halted by ${halt.by}`}
                onClick={() => setAsked(halt)}
              >
                Resume
              </button>
            </li>
          );
        })}
      </ul>
      {asked && <ResumeQuestion halt={asked} onClose={() => setAsked(undefined)} />}
    </section>
  );
}

// 404: another caller has ended it.
async function resume(halt: Halt): Promise<void> {
  try {
    await api.resume(halt.haltId);
  } catch (cause) {
    if (!(cause instanceof ApiError) || cause.status !== 404) throw cause;
  }
}

function ResumeQuestion({ halt, onClose }: { halt: Halt; onClose: () => void }) {
  const { busy, error, run } = useAct(() => resume(halt), onClose);
  const ended = !useLive(halts.inForce).some(({ haltId }) => haltId === halt.haltId);
  return (
    <Dialog title={`Resume: ${scopeWords(halt.scope)}`} onClose={onClose}>
      <p>
        {halt.by} halted it: {halt.reason}
      </p>
      <p>Orders that wait go on, and new orders are accepted, unless another halt covers them.</p>
      {ended && <p>This halt has ended in the meantime.</p>}
      {error !== undefined && <Failure error={error} />}
      <div class="buttons">
        <button type="button" onClick={onClose}>
          Leave it halted
        </button>
        <button type="button" class="primary" disabled={busy || ended} onClick={run}>
          Resume
        </button>
      </div>
    </Dialog>
  );
}

// The kinds of a halt's scope, with the names that one may have.
const scopes: { kind: "all" | "account" | "token" | "venue"; label: string; names?: string[] }[] = [
  { kind: "all", label: "All trading" },
  { kind: "token", label: "One token", names: registry.tokens.map(({ symbol }) => symbol) },
  { kind: "venue", label: "One venue", names: registry.venues.map(({ name }) => name) },
  { kind: "account", label: "One account" },
];
const haltKey = new IdempotencyKey();

export function HaltButton() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="halt" onClick={() => setOpen(true)}>
        Halt trading
      </button>
      {open && <HaltQuestion onClose={() => setOpen(false)} />}
    </>
  );
}

function HaltQuestion({ onClose }: { onClose: () => void }) {
  const [kind, setKind] = useState("all");
  const [name, setName] = useState("");
  const [reason, setReason] = useState("");
  const chosen = scopes.find((each) => each.kind === kind);
  const scope: HaltScope = kind === "all" ? "all" : { [kind]: name };
  const { busy, error, run } = useAct(async () => {
    await api.halt(scope, reason.trim(), haltKey.of(JSON.stringify([scope, reason])));
    haltKey.done();
  }, onClose);
  const submit = (event: Event) => {
    event.preventDefault();
    run();
  };
  return (
    <Dialog title="Halt trading" onClose={onClose}>
      <form class="halt-form" onSubmit={submit}>
        <p>
          No order that the halt covers is accepted, and none of its transactions is built, until
          somebody resumes trading. A halt of a venue leaves that venue out. Live attempts end, and
          orders can be cancelled.
        </p>
        <label for="halt-scope">Scope</label>
        <select
          id="halt-scope"
          value={kind}
          onChange={(event) => {
            const next = scopes.find((each) => each.kind === event.currentTarget.value);
            setKind(event.currentTarget.value);
            setName(next?.names?.[0] ?? "");
          }}
        >
          {scopes.map((each) => (
            <option key={each.kind} value={each.kind}>
              {each.label}
            </option>
          ))}
        </select>
        {kind !== "all" && <label for="halt-name">Which {kind}</label>}
        {chosen?.names ? (
          <select
            id="halt-name"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          >
            {chosen.names.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        ) : (
          kind !== "all" && (
            <input
              id="halt-name"
              required
              maxLength={64}
              autocomplete="off"
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )
        )}
        <label for="halt-reason">Reason, for the log and for refused callers</label>
        <input
          id="halt-reason"
          required
          maxLength={256}
          autocomplete="off"
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
        {error !== undefined && <Failure error={error} />}
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Leave it
          </button>
          <button type="submit" class="danger" disabled={busy}>
            Halt {kind === "all" ? "all trading" : `${kind} ${name}`}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
