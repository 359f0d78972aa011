// A line chart over time (uPlot), in the page's colours. Its label has the newest values for
// readers who cannot see it.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useLive } from "../data/live";
import { theme } from "./theme";

export interface Line {
  label: string;
  colour: string; // a custom property: "--good"
  values: (number | null)[];
}

interface Props {
  label: string;
  times: number[]; // Unix seconds
  lines: Line[];
  format: (value: number) => string;
}

const height = 190;

export function Chart({ label, times, lines, format }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const mode = useLive(theme);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour("--muted"),
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
      font: `11px ${style.getPropertyValue("--sans")}`,
    };
    const chart = new uPlot(
      {
        width: element.clientWidth,
        height,
        cursor: { y: false, drag: { x: false, y: false } },
        legend: { live: true, markers: { width: 2 } },
        scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.15, 1)] } },
        axes: [
          {
            ...axis,
            size: 28,
            space: 70,
            values: (_, ticks, __, ___, step) => ticks.map((at) => clock(at, step < 60)),
          },
          { ...axis, size: 58, values: (_, ticks) => ticks.map(format) },
        ],
        series: [
          { label: "Time", value: (_, at) => (at === null ? "–" : clock(at, true)) },
          ...lines.map((line) => ({
            label: line.label,
            stroke: colour(line.colour),
            width: 1.5,
            // A time without values has no line. A single value between two such times has a point.
            points: { show: true, size: 4, filter: alone },
            value: (_: uPlot, value: number | null) => (value === null ? "–" : format(value)),
          })),
        ],
      },
      [times, ...lines.map((line) => line.values)],
      element,
    );
    plot.current = chart;
    const observer = new ResizeObserver(() =>
      chart.setSize({ width: element.clientWidth, height }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = undefined;
    };
  }, [mode]);

  useEffect(() => {
    const chart = plot.current;
    chart?.setData([times, ...lines.map((line) => line.values)]);
    // The legend shows the newest values while the pointer is elsewhere.
    if (chart && times.length > 0 && typeof chart.cursor.idx !== "number")
      chart.setLegend({ idx: times.length - 1 });
  }, [times, lines]);

  const spoken = lines.map((line) => `${line.label}: ${lastOf(line.values, format)}`).join(", ");
  return (
    <figure class="chart" aria-label={`${label}. Latest: ${spoken}`}>
      <div ref={box} aria-hidden="true" />
    </figure>
  );
}

// The indexes of values without a neighbour.
function alone({ data }: uPlot, index: number): number[] {
  const values = data[index] ?? [];
  const none = (at: number) => values[at] === null || values[at] === undefined;
  return Array.from(values.keys()).filter((at) => !none(at) && none(at - 1) && none(at + 1));
}

function clock(at: number, seconds = false): string {
  return new Date(at * 1000).toLocaleTimeString(undefined, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    ...(seconds && { second: "2-digit" }),
  });
}

function lastOf(values: (number | null)[], format: (value: number) => string): string {
  const value = values.findLast((each) => each !== null);
  return value === null || value === undefined ? "nothing yet" : format(value);
}
