// The screen on which a recording is shown, and how far it is behind with painting.
import { Screen } from "../terminal/screen";
import type { Frame } from "./frames";

/** Bytes that xterm.js has and did not paint yet, at most: then the time waits. */
const UNPAINTED_MAX_BYTES = 1 << 20; // 1 MiB

export class Picture {
  readonly screen: Screen;
  /** What was shown last. */
  shown: Frame | undefined;
  /** Bytes that xterm.js got, and how many of them it painted. */
  private given = 0;
  private taken = 0;
  private highlight: string | undefined;

  constructor(frame: HTMLElement, light: boolean) {
    const nothing = () => {};
    this.screen = new Screen(frame, { typed: nothing, copied: nothing, shortcut: nothing, brokeLine: nothing, painted: (bytes) => this.painted(bytes) }, light);
    Object.assign(this.screen.terminal.options, { scrollback: 0, disableStdin: true, cursorInactiveStyle: "block" });
  }

  /** Whether it has as much to paint as it should. */
  get is_busy(): boolean {
    return this.given - this.taken >= UNPAINTED_MAX_BYTES;
  }

  show(frame: Frame): void {
    this.given += frame.bytes.length;
    if (frame.size === undefined) this.screen.output(this.given, frame.bytes);
    else this.screen.snapshot(this.given, frame.size, frame.bytes);
    this.shown = frame;
  }

  /** Marks a text once what is shown from now on is painted. */
  mark(text: string): void {
    this.highlight = text;
  }

  private painted(bytes: number): void {
    this.taken = bytes;
    const text = this.highlight;
    if (this.given > this.taken || text === undefined) return;
    this.highlight = undefined;
    this.screen.search.findPrevious(text, { caseSensitive: text !== text.toLowerCase() });
  }
}
