// Paints in order. xterm.js takes bytes now and parses them later, but changes its size at once; so one thing is done
// after the other, and bytes that wait are written together.

/** Bytes written at once at most, so that a flood leaves time for keys between two writes. */
const WRITE_MAX_BYTES = 128 << 10; // 128 KiB

type Step = { bytes: Uint8Array; done: () => void } | { act: () => void };

export class PaintQueue {
  private steps: Step[] = [];
  private busy = false;
  private stopped = false;

  constructor(private readonly write: (bytes: Uint8Array, done: () => void) => void) {}

  bytes(bytes: Uint8Array, done: () => void): void {
    this.steps.push({ bytes, done });
    this.go();
  }

  act(act: () => void): void {
    this.steps.push({ act });
    this.go();
  }

  stop(): void {
    this.stopped = true;
    this.steps = [];
  }

  private go(): void {
    while (!this.busy && !this.stopped) {
      const step = this.steps[0];
      if (step === undefined) return;
      if ("act" in step) {
        this.steps.shift();
        step.act();
        continue;
      }
      const { bytes, done } = this.together();
      this.busy = true;
      this.write(bytes, () => {
        this.busy = false;
        if (this.stopped) return;
        done();
        this.go();
      });
    }
  }

  /** Takes the bytes at the front, as many as may go at once. */
  private together(): { bytes: Uint8Array; done: () => void } {
    const parts: Uint8Array[] = [];
    let length = 0;
    let done = () => {};
    for (const step of this.steps) {
      if ("act" in step || (parts.length > 0 && length + step.bytes.length > WRITE_MAX_BYTES)) break;
      parts.push(step.bytes);
      length += step.bytes.length;
      done = step.done;
    }
    this.steps.splice(0, parts.length);
    const first = parts[0];
    if (parts.length === 1 && first) return { bytes: first, done };
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return { bytes, done };
  }
}
