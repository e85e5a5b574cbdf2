// A small chart: its figure now, and its way there.
import { useState, type PointerEvent } from "react";
import { lasting } from "../quantity";

export interface Series {
  label: string;
  /** A custom property of the style. */
  colour: string;
  values: (number | null)[];
}

interface Props {
  title: string;
  /** Microseconds since 1970, one for each value. */
  times: number[];
  series: Series[];
  show: (value: number) => string;
  /** Microseconds that the chart is wide; its right edge is the last sample. */
  span: number;
  /** Between two samples; where more is missing, so is the line. */
  step: number;
}

const WIDTH = 300;
const HEIGHT = 64;
/** The right edge stays free for the last dot. */
const EDGE = 4;
/** Samples that may be late by this much before the line breaks. */
const LATE = 2.5;

export function Chart({ title, times, series, show, span, step }: Props) {
  const [at, setAt] = useState<number>();
  const end = times.at(-1) ?? 0;
  const most = Math.max(...series.flatMap(({ values }) => values.map((value) => value ?? 0)), 0);
  const x = (time: number) => WIDTH - EDGE - ((end - time) / span) * (WIDTH - EDGE);
  const y = (value: number) => HEIGHT - 2 - (most === 0 ? 0 : (value / most) * (HEIGHT - 6));
  const pointed = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const time = end - (1 - (event.clientX - box.left) / box.width) * span;
    const near = times.reduce((best, one, index) => (Math.abs(one - time) < Math.abs((times[best] ?? 0) - time) ? index : best), 0);
    setAt(near);
  };
  const shown = at ?? times.length - 1;
  const value = (one: Series) => one.values[shown] ?? null;
  const words = series.map((one) => `${one.label} ${value(one) === null ? "unknown" : show(value(one) ?? 0)}`).join(", ");
  return (
    <figure className="chart">
      <figcaption>
        <h3>{title}</h3>
        <time>{at === undefined ? "now" : new Date((times[at] ?? 0) / 1_000).toLocaleTimeString()}</time>
      </figcaption>
      <dl>
        {series.map((one) => (
          <div key={one.label}>
            <dt style={{ ["--dot" as string]: `var(${one.colour})` }}>{one.label}</dt>
            <dd>{value(one) === null ? "–" : show(value(one) ?? 0)}</dd>
          </div>
        ))}
      </dl>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${title}: ${words}; at most ${show(most)} since ${lasting(Math.round(span / 60_000_000) * 60)}`} onPointerMove={pointed} onPointerLeave={() => setAt(undefined)}>
        <line x1="0" x2={WIDTH} y1={HEIGHT - 2} y2={HEIGHT - 2} className="base" />
        {series.map((one) => (
          <path key={one.label} d={path(one.values, times, x, y, step * LATE)} style={{ stroke: `var(${one.colour})` }} />
        ))}
        {at !== undefined && <line x1={x(times[at] ?? 0)} x2={x(times[at] ?? 0)} y1="0" y2={HEIGHT} className="at" />}
      </svg>
      <p className="scale" aria-hidden="true">
        <span>{lasting(Math.round(span / 60_000_000) * 60)} ago</span>
        <span>at most {show(most)}</span>
      </p>
    </figure>
  );
}

function path(values: (number | null)[], times: number[], x: (time: number) => number, y: (value: number) => number, gap: number): string {
  const parts: string[] = [];
  let before: number | undefined;
  values.forEach((value, index) => {
    const time = times[index];
    if (value === null || time === undefined) return;
    const begins = before === undefined || time - before > gap;
    // A lonely sample is a dot: a line of no length has round ends.
    parts.push(begins ? `M${x(time).toFixed(1)} ${y(value).toFixed(1)}h0` : `L${x(time).toFixed(1)} ${y(value).toFixed(1)}`);
    before = time;
  });
  return parts.join("");
}
