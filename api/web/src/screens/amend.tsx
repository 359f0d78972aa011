// Changes the terms of an open order. The order is read first, and its version is sent along: a
// change or a fill that came meanwhile is not overlooked.
import { useState } from "preact/hooks";
import { ApiError, api } from "../data/api";
import { amendable, amendmentOf, type Form, textsOf, unitText } from "../data/order_form";
import type { Order } from "../data/types";
import { useAct } from "../ui/act";
import { Field } from "../ui/field";
import { useLoad } from "../ui/load";
import { Dialog, Failure, Loading } from "../ui/pieces";

interface Props {
  id: string;
  onClose: () => void;
  onDone: () => void;
}

export function AmendQuestion({ id, onClose, onDone }: Props) {
  const { value, error, loading, reload } = useLoad(`amend ${id}`, () => api.order(id));
  return (
    <Dialog title="Amend this order" onClose={onClose}>
      {error !== undefined && <Failure error={error} retry={reload} />}
      {loading && <Loading what="the order" />}
      {value && (
        <AmendForm
          key={value.version}
          order={value}
          reload={reload}
          onClose={onClose}
          onDone={onDone}
        />
      )}
    </Dialog>
  );
}

function AmendForm(props: { order: Order; reload: () => void } & Omit<Props, "id">) {
  const { order, reload, onClose, onDone } = props;
  const [form, setForm] = useState<Form>(textsOf(order));
  const { body, wrong } = amendmentOf(order, form);
  const { busy, error, run } = useAct(
    () => api.amend(order.orderId, order.version, body),
    () => {
      onDone();
      onClose();
    },
  );
  const fields = error instanceof ApiError ? error.fields : {};
  const shown = amendable(order);
  const placed = Object.keys(fields).some((name) => shown.some((each) => each.name === name));
  const changed = error instanceof ApiError && error.status === 412;
  return (
    <form
      class="amend-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
    >
      <p class="muted">What is filled already stays; the amount contains it.</p>
      <div class="fields">
        {shown.map(({ name, label, kind, unit, hint }) => (
          <Field
            key={name}
            id={`amend-${name}`}
            label={label}
            kind={kind}
            hint={hint}
            unit={unitText(unit, order)}
            value={form[name] ?? ""}
            onInput={(value) => setForm({ ...form, [name]: value })}
            error={wrong[name] ?? fields[name]}
          />
        ))}
      </div>
      {error !== undefined && !placed && <Failure error={error} />}
      <div class="buttons">
        <button type="button" onClick={onClose}>
          Leave it
        </button>
        {changed && (
          <button type="button" onClick={reload}>
            Read it again
          </button>
        )}
        <button
          type="submit"
          class="primary"
          disabled={busy || Object.keys(wrong).length > 0 || Object.keys(body).length === 0}
        >
          Amend order
        </button>
      </div>
    </form>
  );
}
