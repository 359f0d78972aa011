// A value that the page watches: set() calls every watcher.
import { useEffect, useState } from "preact/hooks";

export class Live<T> {
  private watchers = new Set<(value: T) => void>();
  constructor(private current: T) {}

  get value(): T {
    return this.current;
  }
  set(value: T): void {
    this.current = value;
    for (const watcher of [...this.watchers]) watcher(value);
  }
  watch(watcher: (value: T) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}

export function useLive<T>(live: Live<T>): T {
  const [value, setValue] = useState(live.value);
  useEffect(() => {
    setValue(() => live.value);
    return live.watch((next) => setValue(() => next));
  }, [live]);
  return value;
}

// Calls `run` after changes, at most once every `everyMs`.
export class Throttle {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private last = 0;
  constructor(
    private run: () => void,
    private everyMs: number,
  ) {}

  poke(): void {
    if (this.timer !== undefined) return;
    const wait = Math.max(0, this.last + this.everyMs - Date.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.last = Date.now();
      this.run();
    }, wait);
  }
  cancel(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
