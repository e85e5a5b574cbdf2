// The sessions as the server tells of them: over `/ws`, all at the beginning and again at each change.
import * as api from "./api";

/** Between two tries to connect. */
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 5_000;

export interface Hearer {
  sessions(list: api.Session[]): void;
  /** The list is not true any more, until `sessions` comes again. */
  away(why: string): void;
  /** The server does not know this browser any more. */
  out(why: string | undefined): void;
}

/** Follows the list, and connects again by itself; gives what ends it. */
export function follow(hearer: Hearer): () => void {
  let over = false;
  let tries = 0;
  let timer: number | undefined;
  let socket: WebSocket | undefined;
  const connect = () => {
    timer = undefined;
    const mine = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
    socket = mine;
    mine.onmessage = ({ data }) => {
      const said = JSON.parse(String(data)) as { type: string; sessions?: api.Session[] };
      if (over || said.type !== "Sessions" || said.sessions === undefined) return;
      tries = 0;
      hearer.sessions(said.sessions);
    };
    mine.onclose = () => void lost();
  };
  const lost = async () => {
    if (over) return;
    // A socket does not say why it was refused.
    const why = await api.who().then(
      ({ me, why }) => (me === null ? { out: why } : { away: "the server ended the connection" }),
      (failure: unknown) => ({ away: failure instanceof Error ? failure.message : String(failure) }),
    );
    if (over) return;
    if ("out" in why) return hearer.out(why.out);
    // A server that is replaced is back at once, and nobody needs to know.
    if (tries > 0) hearer.away(why.away);
    timer = window.setTimeout(connect, Math.min(RETRY_MIN_MS * 2 ** tries, RETRY_MAX_MS));
    tries += 1;
  };
  const hurry = () => {
    if (timer === undefined) return;
    clearTimeout(timer);
    connect();
  };
  addEventListener("online", hurry);
  connect();
  return () => {
    over = true;
    clearTimeout(timer);
    removeEventListener("online", hurry);
    socket?.close();
  };
}
