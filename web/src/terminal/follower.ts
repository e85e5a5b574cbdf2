// A session on the page: its socket and its screen joined, and what a view has to know of them.
import * as api from "../api";
import { copy } from "../copy";
import { INPUT_MAX_BYTES, SessionSocket, type Link, type Note } from "../socket";
import { Screen, type Shortcut } from "./screen";

/** Between two changes of the size, while a window is being dragged. */
const RESIZE_EVERY_MS = 100;
/** Tries after which the server is asked why it does not let the page in. */
const ASK_AFTER_TRIES = 1;

/** Who sets the session's size. */
export type Control = "none" | "asked" | "held" | "taken";

export interface FollowerState {
  link: Link;
  control: Control;
  role: api.Role;
  size: api.Size;
  exit: unknown;
  /** How often the program asked leave, or was answered, since the page follows it. */
  questions: number;
  /** Something went wrong that the user should know; the last of it. */
  trouble: string | undefined;
}

export class Follower {
  readonly screen: Screen;
  private readonly socket: SessionSocket;
  private resizing: number | undefined;
  private state: FollowerState;
  /** Whether the next key comes with Ctrl. */
  ctrl = false;
  onCtrlUsed: (() => void) | undefined;
  onShortcut: ((shortcut: Shortcut) => void) | undefined;

  constructor(
    id: string,
    frame: HTMLElement,
    /** `fit`: whether the session is fitted to this window from the beginning, if nobody controls it. */
    options: { role: api.Role; light: boolean; fit: boolean },
    private readonly changed: (state: FollowerState) => void,
    private readonly refused: (failure: unknown) => void,
  ) {
    this.state = { link: { is: "connecting", tries: 0 }, control: options.fit ? "asked" : "none", role: options.role, size: { cols: 80, rows: 24 }, exit: undefined, questions: 0, trouble: undefined };
    this.screen = new Screen(
      frame,
      {
        typed: (bytes) => this.type(bytes),
        shortcut: (shortcut) => this.onShortcut?.(shortcut),
        brokeLine: () => {
          if (this.mayType()) this.press("S-Enter");
        },
        painted: (offset) => this.socket.paint(offset),
        // Only who works in the session gets its clipboard: whoever merely looks must not have his own replaced.
        copied: (text) => {
          if (this.state.control === "held") void copy(text);
        },
      },
      options.light,
    );
    this.screen.onRoom = (size) => this.fit(size);
    this.socket = new SessionSocket(id, {
      snapshot: (offset, size, bytes) => {
        this.screen.snapshot(offset, size, bytes);
        this.set({ size });
      },
      output: (offset, bytes) => this.screen.output(offset, bytes),
      note: (note) => this.note(note),
      link: (link) => this.linked(link, id),
    });
  }

  close(): void {
    clearTimeout(this.resizing);
    this.socket.close();
    this.screen.dispose();
  }

  /** Fits the session to this window, whoever did that before. */
  take(): void {
    const size = this.screen.room();
    // To measure, the letters took their usual size.
    this.screen.control(false);
    if (size !== undefined && this.socket.control(size, true)) this.set({ control: "asked", trouble: undefined });
  }

  release(): void {
    if (this.socket.release()) this.controls("none");
  }

  press(key: string): boolean {
    const sent = this.socket.input("keys", this.withCtrl() ? `C-${key}` : key);
    if (!sent) this.set({ trouble: "The key was not sent" });
    return sent;
  }

  submit(text: string): boolean {
    // The server's limit is that of the message, in which a line feed takes two bytes.
    if (new TextEncoder().encode(JSON.stringify(text)).length > INPUT_MAX_BYTES) return this.complain("more than 1 MiB: send it in parts");
    return this.socket.input("submit", text) || this.complain("Nothing was sent");
  }

  forgive(): void {
    this.set({ trouble: undefined });
  }

  hurry(): void {
    this.socket.hurry();
  }

  private type(bytes: Uint8Array): void {
    if (!this.mayType()) return;
    if (bytes.length > INPUT_MAX_BYTES) return void this.complain("more than 1 MiB: paste it in parts");
    const first = bytes[0] ?? 0;
    if (bytes.length === 1 && first >= 0x40 && first < 0x7f && this.withCtrl()) bytes = Uint8Array.of(first & 0x1f);
    if (!this.socket.keys(bytes)) this.complain("What you typed was not sent");
  }

  private mayType(): boolean {
    return this.state.role !== "view" && this.state.exit === undefined;
  }

  /** Tells the user what went wrong. */
  complain(trouble: string): false {
    this.set({ trouble });
    return false;
  }

  /** Uses up a Ctrl that was pressed before. */
  private withCtrl(): boolean {
    const ctrl = this.ctrl;
    this.ctrl = false;
    if (ctrl) this.onCtrlUsed?.();
    return ctrl;
  }

  private note(note: Note): void {
    switch (note.type) {
      case "hello":
        return this.set({ role: note.role });
      case "resized": {
        const size = { cols: note.cols, rows: note.rows };
        this.screen.resized(size);
        return this.set({ size });
      }
      case "gap":
        return this.set({ trouble: `${note.bytes} bytes of output could not be recorded` });
      case "exited":
        this.controls("none");
        return this.set({ exit: note.status ?? "lost" });
      case "error":
        if (this.state.control === "asked") this.controls("none");
        return this.set({ trouble: note.error });
      case "control":
        if (note.control) return this.controls("held");
        return this.controls(note.reason === "taken" || note.reason === undefined ? "taken" : "none");
      case "asked":
      case "settled":
        return this.set({ questions: this.state.questions + 1 });
      case "program":
      case "ack":
      case "alive":
        return;
    }
  }

  private controls(control: Control): void {
    this.set({ control });
    this.screen.control(control === "held");
  }

  private linked(link: Link, id: string): void {
    const held = this.state.control === "held" || this.state.control === "asked";
    if (link.is === "open") {
      this.set({ link });
      // The server forgot with the old connection who controlled; nobody else's control is taken for that.
      const size = held ? this.screen.room() : undefined;
      if (size !== undefined && this.socket.control(size, false)) this.set({ control: "asked" });
      return;
    }
    this.set({ link });
    if (link.is === "waiting" && link.tries > ASK_AFTER_TRIES) {
      api.show(id).catch((failure: unknown) => {
        if (api.isRefusal(failure)) this.refused(failure);
      });
    }
  }

  private fit(size: api.Size): void {
    clearTimeout(this.resizing);
    this.resizing = window.setTimeout(() => {
      if (this.state.control === "held") this.socket.resize(size);
    }, RESIZE_EVERY_MS);
  }

  private set(change: Partial<FollowerState>): void {
    this.state = { ...this.state, ...change };
    this.changed(this.state);
  }
}
