// A list of rows of equal height. Only the visible rows are in the document: 100,000 rows cost as
// much as 40. Rows that are added at the top do not move the visible rows of a reader who has
// scrolled down.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const overscan = 8;

interface Props<Row> {
  rows: Row[];
  keyOf: (row: Row) => string;
  label: string;
  head: ComponentChildren;
  columns: number;
  class: string;
  rowHeight: number;
  draw: (row: Row) => ComponentChildren;
  onOpen: (row: Row) => void;
  onEnd?: () => void; // the last rows are visible
  atEnd?: boolean; // scroll along with rows that are added at the end
  foot?: ComponentChildren;
  empty?: ComponentChildren; // shown in place of the rows while there are none
}

export function VirtualList<Row>(props: Props<Row>) {
  const { rows, keyOf, rowHeight } = props;
  const box = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState({ top: 0, height: 600 });
  const [cursor, setCursor] = useState<string>();
  const anchor = useRef<{ key: string; offset: number }>();

  const measure = () => {
    const element = box.current;
    if (element) setScroll({ top: element.scrollTop, height: element.clientHeight });
  };
  useEffect(() => {
    measure();
    const observer = new ResizeObserver(measure);
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);

  // Keeps the first visible row where it is, unless the reader is at the top.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (props.atEnd) {
      element.scrollTop = rows.length * rowHeight;
    } else if (anchor.current && element.scrollTop > 0) {
      const at = indexOf(
        rows,
        keyOf,
        anchor.current.key,
        Math.floor(element.scrollTop / rowHeight),
      );
      if (at >= 0) {
        const top = at * rowHeight + anchor.current.offset;
        if (Math.abs(top - element.scrollTop) >= 1) element.scrollTop = top;
      }
    }
    if (element.scrollTop !== scroll.top) measure();
  }, [rows, props.atEnd]);

  const first = Math.max(0, Math.floor(scroll.top / rowHeight) - overscan);
  const last = Math.min(
    rows.length,
    Math.ceil((scroll.top + scroll.height) / rowHeight) + overscan,
  );
  useEffect(() => {
    if (last >= rows.length) props.onEnd?.();
  }, [last, rows.length, props.onEnd]);

  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    const at = Math.floor(element.scrollTop / rowHeight);
    const row = rows[at];
    anchor.current = row && { key: keyOf(row), offset: element.scrollTop - at * rowHeight };
    measure();
  };

  const move = (to: number) => {
    const index = Math.max(0, Math.min(rows.length - 1, to));
    const row = rows[index];
    const element = box.current;
    if (!row || !element) return;
    setCursor(keyOf(row));
    const top = index * rowHeight;
    if (top < element.scrollTop) element.scrollTop = top;
    const bottom = top + rowHeight - element.clientHeight;
    if (bottom > element.scrollTop) element.scrollTop = bottom;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== box.current) return;
    const near = Math.floor(scroll.top / rowHeight);
    const at = cursor === undefined ? -1 : indexOf(rows, keyOf, cursor, near);
    const page = Math.max(1, Math.floor(scroll.height / rowHeight) - 1);
    const row = rows[at];
    const targets: Record<string, number> = {
      ArrowDown: at + 1,
      j: at + 1,
      ArrowUp: at - 1,
      k: at - 1,
      PageDown: Math.max(at, near) + page,
      PageUp: (at < 0 ? near : at) - page,
      Home: 0,
      End: rows.length - 1,
    };
    const target = targets[event.key];
    if (event.key === "Enter" && row) props.onOpen(row);
    else if (target !== undefined) move(target);
    else return;
    event.preventDefault();
  };

  return (
    <div class={`list ${props.class}`}>
      <div
        class="list-box"
        ref={box}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        role="grid"
        tabIndex={0}
        aria-label={props.label}
        aria-rowcount={rows.length + 1}
        aria-colcount={props.columns}
        aria-activedescendant={cursor && `row-${cursor}`}
      >
        <div class="row head" role="row" aria-rowindex={1}>
          {props.head}
        </div>
        <div style={{ height: `${first * rowHeight}px` }} role="presentation" />
        {rows.slice(first, last).map((row, i) => {
          const key = keyOf(row);
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the grid handles the keys of its cursor row
            <div
              key={key}
              id={`row-${key}`}
              class="row"
              role="row"
              aria-rowindex={first + i + 2}
              aria-selected={key === cursor}
              onClick={(event) => {
                setCursor(key);
                if (!(event.target as Element).closest("a, button, input")) props.onOpen(row);
              }}
            >
              {props.draw(row)}
            </div>
          );
        })}
        <div style={{ height: `${(rows.length - last) * rowHeight}px` }} role="presentation" />
      </div>
      {rows.length === 0 && props.empty && <div class="list-empty">{props.empty}</div>}
      {props.foot && <div class="list-foot">{props.foot}</div>}
    </div>
  );
}

// Searches near the row's last position first: rows move by a few positions at a time.
function indexOf<Row>(rows: Row[], keyOf: (row: Row) => string, key: string, near: number): number {
  for (let distance = 0; distance < 2000; distance++) {
    for (const at of [near + distance, near - distance]) {
      const row = rows[at];
      if (row && keyOf(row) === key) return at;
    }
  }
  return rows.findIndex((row) => keyOf(row) === key);
}
