// The terminal on the page: xterm.js, with the session's size always. Who only watches sees it in smaller letters where it
// does not fit; who controls the session has the session fitted to the window.
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal, type ITheme } from "@xterm/xterm";
import type { Size } from "../api";
import { DARK, LIGHT } from "./colours";
import { PaintQueue } from "./queue";
import { silence } from "./silence";

/** The letters' size where the terminal fits, and the smallest before the page scrolls instead. */
const LETTERS_PX = 14;
const LETTERS_MIN_PX = 5;
/** Lines kept above the screen. */
const SCROLLBACK_LINES = 5_000;
const FONTS = 'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';

/** What a key asks of the page instead of the program: `leave` the terminal, for whoever has no mouse, `find` in it, `copy`. */
export type Shortcut = "leave" | "find" | "copy";
/** With Ctrl and Shift, which terminals do not tell programs from Ctrl alone. */
const SHORTCUTS: Record<string, Shortcut> = { KeyL: "leave", KeyF: "find", KeyC: "copy" };

/** What happens on it. */
export interface ScreenEvents {
  typed(bytes: Uint8Array): void;
  painted(offset: number): void;
  copied(text: string): void;
  shortcut(shortcut: Shortcut): void;
  /** Shift and Enter: xterm.js cannot tell it from Enter, the host can. */
  brokeLine(): void;
}

export class Screen {
  readonly terminal: Terminal;
  readonly search = new SearchAddon();
  private readonly fit = new FitAddon();
  private readonly queue: PaintQueue;
  private readonly watcher: ResizeObserver;
  private readonly encoder = new TextEncoder();
  private controls = false;
  /** Told when the window has room for another size. */
  onRoom: ((size: Size) => void) | undefined;

  constructor(
    frame: HTMLElement,
    private readonly events: ScreenEvents,
    light: boolean,
  ) {
    this.terminal = new Terminal({
      allowProposedApi: true,
      cursorBlink: false,
      fontFamily: FONTS,
      fontSize: LETTERS_PX,
      lineHeight: 1.15,
      scrollback: SCROLLBACK_LINES,
      macOptionIsMeta: true,
      ...colours(light),
    });
    const terminal = this.terminal;
    this.queue = new PaintQueue((bytes, done) => terminal.write(bytes, done));
    terminal.loadAddon(this.fit);
    terminal.loadAddon(this.search);
    terminal.loadAddon(new Unicode11Addon());
    terminal.unicode.activeVersion = "11";
    terminal.loadAddon(new WebLinksAddon((_event, address) => follow(address)));
    terminal.options.linkHandler = { activate: (_event, address) => follow(address) };
    silence(terminal, (text) => events.copied(text));
    terminal.open(frame);
    terminal.attachCustomKeyEventHandler((event) => !this.takes(event));
    terminal.onData((text) => this.type(this.encoder.encode(text)));
    terminal.onBinary((text) => this.type(Uint8Array.from(text, (char) => char.charCodeAt(0))));
    this.watcher = new ResizeObserver(() => this.settle());
    this.watcher.observe(frame);
    void this.accelerate();
  }

  dispose(): void {
    this.watcher.disconnect();
    this.queue.stop();
    this.terminal.dispose();
  }

  snapshot(offset: number, size: Size, bytes: Uint8Array): void {
    this.queue.act(() => {
      this.terminal.reset();
      this.terminal.resize(size.cols, size.rows);
      this.settle();
    });
    this.output(offset, bytes);
  }

  output(offset: number, bytes: Uint8Array): void {
    this.queue.bytes(bytes, () => this.events.painted(offset));
  }

  resized(size: Size): void {
    this.queue.act(() => {
      this.terminal.resize(size.cols, size.rows);
      this.settle();
    });
  }

  /** Whether it controls the session: then it keeps its letters, and the session is fitted to it. */
  control(controls: boolean): void {
    this.controls = controls;
    this.settle();
  }

  /** The size for which there is room with letters of the usual size, which they have from then on. */
  room(): Size | undefined {
    this.terminal.options.fontSize = LETTERS_PX;
    const size = this.fit.proposeDimensions();
    if (size === undefined || Number.isNaN(size.cols) || Number.isNaN(size.rows)) return undefined;
    return { cols: Math.min(size.cols, 1_000), rows: Math.min(size.rows, 1_000) };
  }

  light(light: boolean): void {
    Object.assign(this.terminal.options, colours(light));
  }

  focus(): void {
    this.terminal.focus();
  }

  /** Chooses the letters' size, or tells which size there is room for. */
  private settle(): void {
    const room = this.room();
    if (room === undefined) return;
    if (this.controls) {
      if (room.cols !== this.terminal.cols || room.rows !== this.terminal.rows) this.onRoom?.(room);
      return;
    }
    const scale = Math.min(1, room.cols / this.terminal.cols, room.rows / this.terminal.rows);
    if (scale === 1) return;
    let letters = Math.max(LETTERS_MIN_PX, Math.floor(LETTERS_PX * scale * 2) / 2);
    this.terminal.options.fontSize = letters;
    // Letters have whole pixels, so that a smaller size may need a try more.
    for (let tries = 0; tries < 8 && letters > LETTERS_MIN_PX; tries += 1) {
      const now = this.fit.proposeDimensions();
      if (!now || (now.cols >= this.terminal.cols && now.rows >= this.terminal.rows)) break;
      letters -= 0.5;
      this.terminal.options.fontSize = letters;
    }
  }

  /** Whether the page takes a key for itself. */
  private takes(event: KeyboardEvent): boolean {
    const shortcut = event.ctrlKey && event.shiftKey ? SHORTCUTS[event.code] : undefined;
    const breaks = event.key === "Enter" && event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (shortcut === undefined && !breaks) return false;
    event.preventDefault();
    if (event.type !== "keydown") return true;
    if (shortcut === "copy") this.copy();
    else if (shortcut !== undefined) this.events.shortcut(shortcut);
    else this.events.brokeLine();
    return true;
  }

  /** Copies what is marked. Without TLS, on another machine, a browser has no clipboard for a page. */
  private copy(): void {
    const marked = this.terminal.getSelection();
    if (marked !== "") void navigator.clipboard?.writeText(marked).catch(() => {});
  }

  private type(bytes: Uint8Array): void {
    // Whether this window has the focus is nothing the program should hear from each of many viewers.
    const focus = bytes.length === 3 && bytes[0] === 0x1b && bytes[1] === 0x5b && (bytes[2] === 0x49 || bytes[2] === 0x4f);
    if (focus && !this.controls) return;
    this.events.typed(bytes);
  }

  /** Paints by the graphics card where there is one; it is loaded after the page is there. */
  private async accelerate(): Promise<void> {
    // A phone has few cells to paint, and takes such contexts away whenever it likes.
    if (matchMedia("(pointer: coarse)").matches) return;
    const { WebglAddon } = await import("@xterm/addon-webgl");
    try {
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => webgl.dispose());
      this.terminal.loadAddon(webgl);
      this.settle();
    } catch {
      // Without it the terminal paints with the document's own means.
    }
  }
}

/** Most programs choose their colours for a dark ground: on a light one those that could not be read are darkened. */
function colours(light: boolean): { theme: ITheme; minimumContrastRatio: number } {
  return light ? { theme: LIGHT, minimumContrastRatio: 4.5 } : { theme: DARK, minimumContrastRatio: 1 };
}

/** Opens a link that a program showed. */
function follow(address: string): void {
  if (/^https?:\/\//i.test(address)) window.open(address, "_blank", "noopener,noreferrer");
}
