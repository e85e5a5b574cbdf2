// The parts of a recording, as the server gives them.
import * as api from "../api";

/** Times that something of a very long recording is asked for: each time the server paints on for ten seconds. */
const TRIES_MAX = 30;

/** What is written to a terminal at a time; with a size, a whole screen for a fresh one. */
export interface Frame {
  time: number;
  offset: number;
  size?: api.Size;
  bytes: Uint8Array;
}

export interface Part {
  frames: Frame[];
  /** Whether nothing more is stored behind them. */
  end: boolean;
}

/** Asks for the screen at a place and up to `limit` bytes of what comes after it. `goes_on` is asked where that takes long. */
export async function part(id: string, place: api.Place, limit: number, goes_on: () => boolean): Promise<Part> {
  const { frames, end } = await patiently(() => api.recording(id, place, limit), goes_on);
  return { frames: frames.map(decoded), end };
}

/** Asks again as long as the server has not come to that place of a recording, and `goes_on` says so. */
export async function patiently<T>(ask: () => Promise<T>, goes_on: () => boolean): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (failure) {
      const again = failure instanceof api.ApiError && failure.code === "NOT_THERE_YET" && tries < TRIES_MAX;
      if (!again || !goes_on()) throw failure;
    }
  }
}

export function length(frames: Frame[]): number {
  return frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function decoded({ bytes, ...rest }: api.Frame): Frame {
  return { ...rest, bytes: Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0)) };
}
