// Asks for an access token: when the engine needs one, or when the user wants to enter another.
import { useState } from "preact/hooks";
import { giveToken, tokenQuestion } from "../data/api";
import { useLive } from "../data/live";
import { Notice } from "./pieces";

export function TokenQuestion() {
  const question = useLive(tokenQuestion);
  const [text, setText] = useState("");
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  if (question === "none") return null;
  const submit = async (event: Event) => {
    event.preventDefault();
    const typed = text.trim();
    if (!typed) return setWhy("Type or paste a token.");
    if (!/^[\x21-\x7e]+$/.test(typed))
      return setWhy("A token contains no spaces or special characters.");
    setBusy(true);
    try {
      await giveToken(typed);
      setText("");
      setWhy("");
    } catch (cause) {
      setWhy(cause instanceof Error ? cause.message : String(cause));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Notice tone="warn">
      <form class="inline" onSubmit={(event) => void submit(event)}>
        <label for="token">
          {question === "needed" ? "This engine needs an access token:" : "Another access token:"}
        </label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          value={text}
          aria-invalid={Boolean(why)}
          {...(why && { "aria-describedby": "token-error" })}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setWhy("");
          }}
        />
        <button type="submit" class="primary" disabled={busy}>
          Use this token
        </button>
        {question === "other" && (
          <button type="button" onClick={() => tokenQuestion.set("none")}>
            Keep the present token
          </button>
        )}
        {why ? (
          <strong id="token-error" role="alert">
            {why}
          </strong>
        ) : (
          <span class="muted">Kept until this tab is closed.</span>
        )}
      </form>
    </Notice>
  );
}
