// The state of a REST read of a screen: loading, failed or present. Old data stays until new
// arrives.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { token, wasAway } from "../data/api";
import { onceLive } from "../data/engine";

export interface Loaded<T> {
  value: T | undefined;
  error: unknown;
  loading: boolean;
  reload: () => void;
}

// Reads again when `key` changes, and every `everyMs` if that is set.
export function useLoad<T>(key: string, read: () => Promise<T>, everyMs?: number): Loaded<T> {
  const [state, setState] = useState<{ key: string; value?: T; error?: unknown; loading: boolean }>(
    {
      key,
      loading: true,
    },
  );
  const latest = useRef(read);
  latest.current = read;
  const turn = useRef(0);

  const reload = useCallback(() => {
    const mine = ++turn.current;
    const settle = (result: { value?: T; error?: unknown }) => {
      if (mine !== turn.current) return;
      setState((old) => ({
        ...(old.key === key ? old : {}),
        error: undefined,
        ...result,
        key,
        loading: false,
      }));
    };
    latest.current().then(
      (value) => settle({ value }),
      (error: unknown) => settle({ error }),
    );
  }, [key]);

  useEffect(() => {
    setState((old) => (old.key === key ? old : { key, loading: true }));
    reload();
    const timer = everyMs ? setInterval(reload, everyMs) : undefined;
    return () => {
      turn.current += 1;
      clearInterval(timer);
    };
  }, [key, everyMs, reload]);

  useEffect(() => token.watch(reload), [reload]); // a refused read may now be allowed
  const away = wasAway(state.error);
  useEffect(() => (away ? onceLive(reload) : undefined), [away, reload]);

  const current = state.key === key ? state : { value: undefined, error: undefined, loading: true };
  return { value: current.value, error: current.error, loading: current.loading, reload };
}
