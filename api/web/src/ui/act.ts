// An act of a dialog: busy while it runs, then `onDone`, or its error.
import { useState } from "preact/hooks";

export function useAct(act: () => Promise<unknown>, onDone: () => void) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const run = () => {
    setBusy(true);
    setError(undefined);
    act()
      .then(onDone, setError)
      .finally(() => setBusy(false));
  };
  return { busy, error, run };
}
