// The terminal on the page: xterm.js, with the session's size always. Who only watches sees it in smaller letters where it
// does not fit; who controls the session has the session fitted to the window.
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal, type ITheme } from "@xterm/xterm";
import type { Size } from "../api";
import { copy } from "../copy";
import { DARK, LIGHT } from "./colours";
import { PaintQueue } from "./queue";
import { silence } from "./silence";

/** The letters' size where the terminal fits, and the smallest: where even that does not fit, the frame scrolls. */
const LETTERS_PX = 14;
const LETTERS_MIN_PX = 9;
/** So that a line is seen whole beside a conversation. */
const LETTERS_MIN_WIDE_PX = 8;
/** On a phone, so that a line is seen whole: it is held close, and its points are finer. */
const LETTERS_MIN_PHONE_PX = 5;
/** Lines kept above the screen. */
const SCROLLBACK_LINES = 5_000;
const FONTS = 'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';

/** A finger instead of a mouse. */
const COARSE = matchMedia("(pointer: coarse)");
/** Memory for the pictures of one terminal. */
const PICTURES_MAX_MB = 32;
const PICTURE_MAX_PIXELS = 4 << 20; // 4 Mpx

/** How long a browser may take to read a file that it saves. */
const SAVE_WITHIN_MS = 30_000;

/** What a key asks of the page instead of the program: `leave` the terminal, for whoever has no mouse, `find` in it, `replay`
 *  its recording, `copy`. */
export type Shortcut = "leave" | "find" | "replay" | "copy";
/** With Ctrl and Shift, which terminals do not tell programs from Ctrl alone. */
const SHORTCUTS: Record<string, Shortcut> = { KeyL: "leave", KeyF: "find", KeyH: "replay", KeyC: "copy" };

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
  private over = false;
  /** Told when the window has room for another size. */
  onRoom: ((size: Size) => void) | undefined;

  constructor(
    private readonly frame: HTMLElement,
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
    terminal.attachCustomWheelEventHandler((event) => !this.scrolls(event));
    terminal.open(frame);
    terminal.attachCustomKeyEventHandler((event) => !this.takes(event));
    terminal.onData((text) => this.type(this.encoder.encode(text)));
    terminal.onBinary((text) => this.type(Uint8Array.from(text, (char) => char.charCodeAt(0))));
    this.watcher = new ResizeObserver(() => this.settle());
    this.watcher.observe(frame);
    void this.accelerate();
    void this.showPictures();
  }

  dispose(): void {
    this.over = true;
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
    const [wide, high] = [room.cols / this.terminal.cols, room.rows / this.terminal.rows];
    if (wide >= 1 && high >= 1) return;
    // A line is seen whole if that can be; rows are scrolled everywhere before nobody can read them.
    const least = COARSE.matches ? LETTERS_MIN_PHONE_PX : LETTERS_MIN_WIDE_PX;
    let letters = Math.floor(2 * Math.min(Math.max(least, LETTERS_PX * wide), Math.max(LETTERS_MIN_PX, LETTERS_PX * high), LETTERS_PX)) / 2;
    this.terminal.options.fontSize = letters;
    // Letters have whole pixels, so that a smaller size may need a try more.
    for (let tries = 0; tries < 8; tries += 1) {
      const now = this.fit.proposeDimensions();
      if (!now) break;
      const fits = (now.cols >= this.terminal.cols || letters <= least) && (now.rows >= this.terminal.rows || letters <= LETTERS_MIN_PX);
      if (fits) break;
      letters -= 0.5;
      this.terminal.options.fontSize = letters;
    }
    // Where it does not fit, the last lines are those that matter.
    this.frame.scrollTop = this.frame.scrollHeight;
  }

  /** Whether the wheel moves the frame, which is too small for the terminal, before it moves the terminal's own lines. */
  private scrolls({ deltaY }: WheelEvent): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.frame;
    return deltaY < 0 ? scrollTop > 0 : scrollTop < scrollHeight - clientHeight - 1;
  }

  /** Offers the screen as a file that any browser shows in its colours. */
  async save(name: string): Promise<void> {
    const { SerializeAddon } = await import("@xterm/addon-serialize");
    const serialize = new SerializeAddon();
    this.terminal.loadAddon(serialize);
    const html = serialize.serializeAsHTML({ includeGlobalBackground: true });
    serialize.dispose();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([html], { type: "text/html" }));
    link.download = `${name}.html`;
    link.click();
    // Not every browser has read it when the click returns.
    setTimeout(() => URL.revokeObjectURL(link.href), SAVE_WITHIN_MS);
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

  private copy(): void {
    const marked = this.terminal.getSelection();
    if (marked !== "") void copy(marked);
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
    if (COARSE.matches) return;
    const { WebglAddon } = await import("@xterm/addon-webgl");
    if (this.over) return;
    try {
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => webgl.dispose());
      this.terminal.loadAddon(webgl);
      this.settle();
    } catch {
      // Without it the terminal paints with the document's own means.
    }
  }

  /** Shows pictures (sixel, and those of iTerm2), once what decodes them is loaded. */
  private async showPictures(): Promise<void> {
    const { ImageAddon } = await import("@xterm/addon-image");
    if (this.over) return;
    this.terminal.loadAddon(new ImageAddon({ enableSizeReports: false, storageLimit: PICTURES_MAX_MB, pixelLimit: PICTURE_MAX_PIXELS }));
    // It answers questions, and who comes last is asked first.
    silence(this.terminal, (text) => this.events.copied(text));
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
