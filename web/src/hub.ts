// The sessions as the server tells of them: over `/ws`, all at the beginning and again at each change.
import * as api from "./api";
import { Connection } from "./connection";

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
  const connection = new Connection({
    path: () => "/ws",
    link: () => {},
    heard: (data) => {
      const said = JSON.parse(String(data)) as { type: string; sessions?: api.Session[] };
      if (said.type === "Sessions" && said.sessions !== undefined) hearer.sessions(said.sessions);
    },
    ended: async (_event, tries) => {
      // A socket does not say why it was refused.
      const why = await api.who().then(
        ({ me, why }) => (me === null ? { out: why } : { away: "the server ended the connection" }),
        (failure: unknown) => ({ away: api.reason(failure) }),
      );
      if (over) return false;
      if ("out" in why) hearer.out(why.out);
      // A server that is replaced is back at once, and nobody needs to know.
      else if (tries > 1) hearer.away(why.away);
      return !("out" in why);
    },
  });
  return () => {
    over = true;
    connection.close();
  };
}
