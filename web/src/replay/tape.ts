// The part of a recording that is loaded and not shown yet.
import type { Place } from "../api";
import { length, part, type Frame, type Part } from "./frames";

/** Bytes asked for at once, in base64, and how few are left when more are asked for. */
const PART_BYTES = 512 << 10; // 512 KiB
const AHEAD_BYTES = 256 << 10; // 256 KiB

export class Tape {
  private frames: Frame[] = [];
  private bytes = 0;
  /** Whether nothing is stored behind what is loaded. */
  at_end = false;

  constructor(
    private readonly id: string,
    /** Asked where the server takes long. */
    private readonly goes_on: () => boolean,
  ) {}

  get first(): Frame | undefined {
    return this.frames[0];
  }

  get last(): Frame | undefined {
    return this.frames.at(-1);
  }

  get runs_low(): boolean {
    return !this.at_end && this.bytes < AHEAD_BYTES;
  }

  take(): Frame | undefined {
    const frame = this.frames.shift();
    this.bytes -= frame?.bytes.length ?? 0;
    return frame;
  }

  /** Asks for the screen at a place, and with `more` for what comes after it. */
  ask(place: Place, more: boolean): Promise<Part> {
    return part(this.id, place, more ? PART_BYTES : 0, this.goes_on);
  }

  /** Has this loaded instead of what was. */
  put({ frames, end }: Part): void {
    this.frames = frames;
    this.bytes = length(frames);
    this.at_end = end;
  }

  /** Has this loaded beside what is, both behind a frame. */
  add({ frames, end }: Part, behind: Frame): void {
    const first = frames[0];
    // The screen where the last part ended is the one that is there then, unless its size changed.
    if (first !== undefined && first.time === behind.time && first.offset === behind.offset) frames.shift();
    this.put({ frames: [...this.frames, ...frames], end });
  }
}
