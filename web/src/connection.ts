// A WebSocket that is kept open. It connects again by itself, for as long as it is wanted, also where the connection died
// without a word: a machine that slept, or changed its network, is told of no end.

/** Between two tries to connect. */
const RETRY_MIN_MS = 200;
const RETRY_MAX_MS = 5_000;
/** The server says something every 30 s at least (docs/websocket.md): after this time without a word it is not there. */
const SILENT_MAX_MS = 60_000;
/** For the connection to open, and for the answer to a question. */
const ANSWER_MAX_MS = 10_000;
/** How often the time is looked at. It is the wall's: other clocks stand still while a machine sleeps. */
const LOOK_EVERY_MS = 5_000;
/** A question to the server that it answers with the same. */
const ALIVE = '{"type":"alive"}';

export type Connecting = { is: "connecting"; tries: number } | { is: "waiting"; tries: number } | { is: "open" };

/** Who uses it. */
export interface Owner {
  /** The address on this server, asked for at each try. */
  path(): string;
  heard(data: string | ArrayBuffer): void;
  link(link: Connecting): void;
  /** It ended, the server's word being `event` if there was one. Says whether to connect again. */
  ended(event: CloseEvent | undefined, tries: number): boolean | Promise<boolean>;
}

export class Connection {
  private socket: WebSocket | undefined;
  private closed = false;
  private tries = 0;
  private retry: number | undefined;
  /** When the server is taken for gone. */
  private deadline_ms = Infinity;
  private readonly looking: number;

  constructor(
    private readonly owner: Owner,
    private readonly protocols: string[] = [],
  ) {
    addEventListener("online", this.check);
    document.addEventListener("visibilitychange", this.check);
    this.looking = window.setInterval(() => Date.now() > this.deadline_ms && this.drop(), LOOK_EVERY_MS);
    this.connect();
  }

  /** Ends it. */
  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    clearInterval(this.looking);
    removeEventListener("online", this.check);
    document.removeEventListener("visibilitychange", this.check);
    this.socket?.close();
  }

  /** Connects at once instead of waiting on; where it is connected, asks whether the server is still there. */
  readonly check = (): void => {
    if (document.hidden) return;
    if (this.retry !== undefined) {
      clearTimeout(this.retry);
      this.connect();
    } else if (this.send(ALIVE)) this.deadline_ms = Math.min(this.deadline_ms, Date.now() + ANSWER_MAX_MS);
  };

  /** False if there is no connection to send on. */
  send(data: string | Uint8Array<ArrayBuffer>): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(data);
    return true;
  }

  private connect(): void {
    this.retry = undefined;
    this.owner.link({ is: "connecting", tries: this.tries });
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}${this.owner.path()}`, this.protocols);
    this.socket = socket;
    this.deadline_ms = Date.now() + ANSWER_MAX_MS;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.owner.link({ is: "open" });
    socket.onmessage = ({ data }) => {
      if (this.closed) return;
      this.tries = 0;
      this.deadline_ms = Date.now() + SILENT_MAX_MS;
      this.owner.heard(data as string | ArrayBuffer);
    };
    socket.onclose = (event) => void this.lost(event);
  }

  /** Gives up a connection on which nobody answers: to close it in order would need an answer, too. */
  private drop(): void {
    if (this.socket === undefined) return;
    Object.assign(this.socket, { onopen: null, onmessage: null, onclose: null });
    this.socket.close();
    void this.lost(undefined);
  }

  private async lost(event: CloseEvent | undefined): Promise<void> {
    this.socket = undefined;
    this.deadline_ms = Infinity;
    if (this.closed) return;
    this.tries += 1;
    const again = await this.owner.ended(event, this.tries);
    if (this.closed || !again) return;
    const wait_ms = Math.min(RETRY_MIN_MS * 2 ** (this.tries - 1), RETRY_MAX_MS);
    this.retry = window.setTimeout(() => this.connect(), wait_ms);
    this.owner.link({ is: "waiting", tries: this.tries });
  }
}
