// The two times of a recording: when something happened, and when it is played, pauses being cut. Both in microseconds.
import type { Timeline } from "../api";

interface Cut {
  /** When the pause begins, and when that is played. */
  time: number;
  played: number;
  length: number;
}

export class Clock {
  readonly cuts: Cut[] = [];
  private readonly limit: number;

  constructor({ pauses, idle_limit }: Pick<Timeline, "pauses" | "idle_limit">) {
    this.limit = idle_limit ?? Infinity;
    let gone = 0;
    for (const { time, length } of pauses) {
      this.cuts.push({ time, played: time - gone, length });
      gone += length - this.limit;
    }
  }

  /** When something is played that happened at `time`. */
  played(time: number): number {
    const cut = last(this.cuts, (cut) => cut.time <= time);
    if (cut === undefined) return time;
    const since = time - cut.time;
    return cut.played + Math.min(since, this.limit) + Math.max(0, since - cut.length);
  }

  /** What was so far when it is played: the whole of a pause is over when its playing is. */
  happened(played: number): number {
    const cut = last(this.cuts, (cut) => cut.played <= played);
    if (cut === undefined) return played;
    const since = played - cut.played;
    return cut.time + (since < this.limit ? since : since - this.limit + cut.length);
  }
}

function last<T>(sorted: T[], fits: (item: T) => boolean): T | undefined {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fits(sorted[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return sorted[low - 1];
}

/** A time for people: minutes and seconds, with tenths where they matter. */
export function spoken(us: number, tenths = false): string {
  const whole = tenths ? Math.floor(us / 100_000) / 10 : Math.floor(us / 1_000_000);
  const hours = Math.floor(whole / 3_600);
  const minutes = Math.floor(whole / 60) % 60;
  const seconds = (whole % 60).toFixed(tenths ? 1 : 0).padStart(tenths ? 4 : 2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}
