// A recording's time as a line: how much happened when, which pauses are cut, and what there is to jump to. It is a slider
// for pointer, finger and keys.
import { useMemo, useRef, useState, type PointerEvent } from "react";
import type { Moment, Timeline as Recorded } from "../api";
import { spoken } from "../replay/clock";
import type { Player } from "../replay/player";

/** Units of the picture; it is stretched to the room there is. */
const WIDTH = 1_000;
const HEIGHT = 30;
/** The least that anything which happened is seen by. */
const LEAST = 3;
/** Pixels at the right that are the end. */
const END_PX = 3;

interface Props {
  player: Player;
  timeline: Recorded;
  now: number;
  /** Times of hits. */
  hits: number[];
}

export function Timeline({ player, timeline, now, hits }: Props) {
  const track = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<number>();
  const whole = Math.max(1, timeline.played);
  const picture = useMemo(() => activity(timeline, whole), [timeline, whole]);
  const share = (played: number) => `${(100 * Math.min(1, played / whole)).toFixed(3)}%`;
  const marks = useMemo(
    () => (
      <>
        {player.cuts.map(({ time, played, length }) => (
          <i key={time} className="pause" style={{ left: share(played), width: share(timeline.idle_limit ?? 0) }} title={`${spoken(length)} of silence, cut`} />
        ))}
        {timeline.moments.map((moment, at) => (
          <i key={at} className="moment" data-what={moment.what} data-state={moment.what === "state" ? moment.state : undefined} style={{ left: share(player.played(moment.time)) }} title={told(moment)} />
        ))}
        {hits.map((time, at) => (
          <i key={`hit ${at}`} className="hit" style={{ left: share(player.played(time)) }} />
        ))}
      </>
    ),
    [player, timeline, hits],
  );
  const place = (event: PointerEvent) => {
    const { left, width } = (track.current as HTMLElement).getBoundingClientRect();
    // The last pixels are the end: much happens at the very last moment.
    return whole * Math.min(1, Math.max(0, (event.clientX - left) / (width - END_PX)));
  };
  const moved = (event: PointerEvent) => {
    const held = event.currentTarget.hasPointerCapture(event.pointerId);
    setHover(held || event.pointerType === "mouse" ? place(event) : undefined);
    if (held) player.seekPlayed(place(event));
  };
  const pressed = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    player.seekPlayed(place(event));
  };
  return (
    <div
      ref={track}
      className="timeline"
      role="slider"
      tabIndex={0}
      aria-label="Time in the recording"
      aria-valuemin={0}
      aria-valuemax={Math.round(whole / 1_000_000)}
      aria-valuenow={Math.round(now / 1_000_000)}
      aria-valuetext={`${spoken(now)} of ${spoken(timeline.played)}`}
      onPointerDown={pressed}
      onPointerMove={moved}
      onPointerUp={() => setHover(undefined)}
      onPointerLeave={() => setHover(undefined)}
    >
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path d={picture} className="ahead" />
        <path d={picture} className="behind" style={{ clipPath: `inset(0 ${100 - (100 * now) / whole}% 0 0)` }} />
      </svg>
      {marks}
      <i className="head" style={{ left: share(now) }} />
      {hover !== undefined && (
        <span className="hover" style={{ left: share(hover) }}>
          {spoken(hover)}
        </span>
      )}
    </div>
  );
}

/** The outline of a picture of bytes over time. One byte is seen, and a flood does not hide all else. */
function activity({ activity, part }: Recorded, whole: number): string {
  const most = Math.max(1, ...activity);
  // Never more bars than there are pixels for.
  const step = Math.max(1, Math.ceil(activity.length / 300));
  let path = "";
  for (let at = 0; at < activity.length; at += step) {
    const bytes = Math.max(...activity.slice(at, at + step));
    if (bytes === 0) continue;
    const left = Math.min(WIDTH - 2, (WIDTH * at * part) / whole);
    const width = Math.max(2, (WIDTH * step * part) / whole);
    const height = LEAST + (HEIGHT - LEAST) * Math.sqrt(bytes / most);
    path += `M${left.toFixed(1)} ${HEIGHT}v${(-height).toFixed(1)}h${Math.min(width, WIDTH - left).toFixed(1)}V${HEIGHT}z`;
  }
  return path;
}

function told(moment: Moment): string {
  const at = spoken(moment.time);
  if (moment.what === "enter") return `${at}: Enter was pressed`;
  if (moment.what === "state") return `${at}: ${moment.state}`;
  return `${at}: ${moment.size.cols}×${moment.size.rows}`;
}
