// One field of a form: label, input of its kind, and its error.
import type { Kind } from "../data/order_form";

interface FieldProps {
  id: string; // unique in the document; a test and the label find it
  label: string;
  value: string;
  onInput: (value: string) => void;
  kind?: Kind | "token";
  choices?: [value: string, label: string][] | undefined;
  error?: string | undefined;
  unit?: string | undefined;
  hint?: string | undefined;
}

export function Field(props: FieldProps) {
  const { id, label, value, onInput, kind = "text", choices = [], error, unit, hint } = props;
  const described = {
    id,
    name: id,
    "aria-invalid": Boolean(error),
    ...(error && { "aria-describedby": `${id}-error` }),
  };
  return (
    <div class={`field ${error ? "wrong" : ""}`}>
      <label for={id}>{label}</label>
      <div class="with-unit">
        {kind === "choice" ? (
          <select {...described} value={value} onChange={(e) => onInput(e.currentTarget.value)}>
            {choices.map(([each, words]) => (
              <option key={each} value={each}>
                {words}
              </option>
            ))}
          </select>
        ) : kind === "check" ? (
          <input
            {...described}
            type="checkbox"
            checked={value !== ""}
            onChange={(e) => onInput(e.currentTarget.checked ? "true" : "")}
          />
        ) : (
          <input
            {...described}
            value={value}
            autocomplete="off"
            spellcheck={false}
            {...(hint && { placeholder: hint })}
            {...(kind === "time" && { type: "datetime-local", step: 1 })}
            {...((kind === "decimal" || kind === "percent") && { inputMode: "decimal" as const })}
            {...(kind === "whole" && { inputMode: "numeric" as const })}
            {...(kind === "token" && { list: "tokens" })}
            onInput={({ currentTarget }) => {
              const typed = currentTarget.value;
              onInput(kind === "token" ? typed.trim().toUpperCase() : typed);
            }}
          />
        )}
        {unit && <span class="unit">{unit}</span>}
      </div>
      <p id={`${id}-error`} class="field-error" role={error ? "alert" : undefined}>
        {error ?? ""}
      </p>
    </div>
  );
}
