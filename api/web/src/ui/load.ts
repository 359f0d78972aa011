// What a screen reads over REST: loading, failed or there; old data stays while new is on its way.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { token, wasAway } from "../data/api";
import { onceLive } from "../data/engine";

export interface Loaded<T> {
  value: T | undefined;
  error: unknown;
  loading: boolean;
  reload: () => void;
}

// Reads again when `key` changes, and every `everyMs` when given.
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

  useEffect(() => token.watch(reload), [reload]); // what was refused may now be given
  const away = wasAway(state.error);
  useEffect(() => (away ? onceLive(reload) : undefined), [away, reload]);

  const current = state.key === key ? state : { value: undefined, error: undefined, loading: true };
  return { value: current.value, error: current.error, loading: current.loading, reload };
}
