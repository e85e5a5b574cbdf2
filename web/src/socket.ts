// The WebSocket of a session, `centerfire.v1` (docs/websocket.md), without a terminal and without React.
//
// Where it connects again it goes on behind the last byte that it handed over.
import type { Role, Size } from "./api";
import { Connection, type Connecting } from "./connection";

const PROTOCOL = "centerfire.v1";
/** Kinds of binary frames. */
const OUTPUT = 1;
const SNAPSHOT = 2;
const KEYS = 1;
/** A kind and an offset or an id. */
const HEAD_BYTES = 9;
const SNAPSHOT_HEAD_BYTES = HEAD_BYTES + 4;
/** What may be typed at once: the server closes on more. */
export const INPUT_MAX_BYTES = 1 << 20; // 1 MiB
/** What may be typed before the page is connected for the first time. */
const EARLY_MAX_BYTES = 64 << 10; // 64 KiB
/** What was painted is told at most once in this time, or after this much. */
const TELL_EVERY_MS = 16;
const TELL_EVERY_BYTES = 64 << 10; // 64 KiB
/** The server's own words for an end. */
const CLOSED_OVER = 1000;
const CLOSED_BROKEN = 1011;

export type Note =
  | { type: "hello"; session: string; name: string; role: Role; ahead: number }
  | { type: "resized"; cols: number; rows: number; offset: number }
  | { type: "program"; report: unknown; offset: number }
  | { type: "asked" | "settled"; offset: number }
  | { type: "gap"; bytes: number; offset: number }
  | { type: "exited"; status: unknown; offset: number }
  | { type: "ack"; id: number; offset: number | null }
  | { type: "error"; id?: number; code: string; error: string }
  | { type: "alive" }
  | { type: "control"; control: boolean; reason?: "taken" | "released" | "upgrade" };

/** Where the connection stands. */
export type Link =
  | Connecting
  /** Everything was sent, and nothing more will come. */
  | { is: "over" }
  /** The recording cannot be read. */
  | { is: "broken"; code: string };

/** Who listens. */
export interface Listener {
  snapshot(offset: number, size: Size, bytes: Uint8Array): void;
  output(offset: number, bytes: Uint8Array): void;
  note(note: Note): void;
  link(link: Link): void;
}

export type InputForm = "raw" | "text" | "paste" | "submit" | "keys";

export class SessionSocket {
  private readonly connection: Connection;
  /** Up to where everything was handed over; undefined before the first screen. */
  private received: number | undefined;
  private painted = 0;
  private told = 0;
  private telling: number | undefined;
  private lastId = 0;
  /** What was typed while the first connection was being made: who opens a session types at once. Undefined from then on. */
  private early: (string | Uint8Array<ArrayBuffer>)[] | undefined = [];
  private earlyBytes = 0;

  constructor(
    session: string,
    private readonly listener: Listener,
    history = 1_000,
  ) {
    this.connection = new Connection(
      {
        path: () => `/ws/${encodeURIComponent(session)}?history=${history}${this.received === undefined ? "" : `&from=${this.received}`}`,
        heard: (data) => this.hear(data),
        link: (link) => this.linked(link),
        ended: (event) => this.ended(event),
      },
      [PROTOCOL],
    );
  }

  /** Ends it. */
  close(): void {
    clearTimeout(this.telling);
    this.connection.close();
  }

  /** Connects at once instead of waiting on. */
  hurry(): void {
    this.connection.check();
  }

  /** Tells the server that everything before this offset is on the screen, so that it sends more. */
  paint(offset: number): void {
    this.painted = offset;
    if (offset - this.told >= TELL_EVERY_BYTES) this.tell();
    else this.telling ??= window.setTimeout(() => this.tell(), TELL_EVERY_MS);
  }

  /** Types bytes as a terminal would send them; false if there is no connection to type into. */
  keys(bytes: Uint8Array): boolean {
    const frame = new Uint8Array(HEAD_BYTES + bytes.length);
    frame[0] = KEYS;
    new DataView(frame.buffer).setBigUint64(1, BigInt(this.nextId()), true);
    frame.set(bytes, HEAD_BYTES);
    return this.type(frame);
  }

  /** Types something as one transaction. */
  input(form: InputForm, text: string): boolean {
    return this.type(JSON.stringify({ type: "input", id: this.nextId(), form, text }));
  }

  /** Asks for control, from whoever has it if `take`. */
  control(size: Size, take: boolean): boolean {
    return this.say({ type: "control", id: this.nextId(), size, take });
  }

  resize(size: Size): boolean {
    return this.say({ type: "resize", id: this.nextId(), size });
  }

  release(): boolean {
    return this.say({ type: "release", id: this.nextId() });
  }

  private linked(link: Connecting): void {
    if (link.is === "open") {
      this.told = 0;
      // A server that does not know how far this page is would wait for it.
      if (this.received !== undefined) this.tell();
      const early = this.early ?? [];
      this.early = undefined;
      for (const typed of early) this.send(typed);
    }
    this.listener.link(link);
  }

  /** Whether to connect again. */
  private ended(event: CloseEvent | undefined): boolean {
    clearTimeout(this.telling);
    this.telling = undefined;
    // Nobody knows what is on the screen when there is a server again: what was typed is not for that.
    if (this.early !== undefined && this.early.length > 0) {
      this.listener.note({ type: "error", code: "not_connected", error: "What you typed was not sent" });
    }
    this.early = undefined;
    if (event?.code === CLOSED_OVER) this.listener.link({ is: "over" });
    else if (event?.code === CLOSED_BROKEN) this.listener.link({ is: "broken", code: event.reason });
    else return true;
    return false;
  }

  private hear(data: string | ArrayBuffer): void {
    if (typeof data === "string") return this.listener.note(JSON.parse(data) as Note);
    if (data.byteLength < HEAD_BYTES) return;
    const view = new DataView(data);
    const offset = Number(view.getBigUint64(1, true));
    switch (view.getUint8(0)) {
      case OUTPUT:
        this.listener.output(offset, new Uint8Array(data, HEAD_BYTES));
        break;
      case SNAPSHOT: {
        const size = { cols: view.getUint16(HEAD_BYTES, true), rows: view.getUint16(HEAD_BYTES + 2, true) };
        this.listener.snapshot(offset, size, new Uint8Array(data, SNAPSHOT_HEAD_BYTES));
        // A snapshot may be behind what was painted before: it counts from here.
        this.told = Math.min(this.told, offset);
        break;
      }
      default:
        return; // A kind of a later version.
    }
    this.received = offset;
  }

  private tell(): void {
    clearTimeout(this.telling);
    this.telling = undefined;
    if (this.say({ type: "painted", offset: this.painted })) this.told = this.painted;
  }

  private nextId(): number {
    return ++this.lastId;
  }

  private say(word: object): boolean {
    return this.send(JSON.stringify(word));
  }

  /** Sends what was typed, or keeps it for the first connection. */
  private type(data: string | Uint8Array<ArrayBuffer>): boolean {
    if (this.send(data)) return true;
    if (this.early === undefined || this.earlyBytes + data.length > EARLY_MAX_BYTES) return false;
    this.early.push(data);
    this.earlyBytes += data.length;
    return true;
  }

  private send(data: string | Uint8Array<ArrayBuffer>): boolean {
    return this.connection.send(data);
  }
}
