// The sessions as they are now, asked for every two seconds while somebody looks.
import { useCallback, useEffect, useState } from "react";
import * as api from "./api";

const EVERY_MS = 2_000;

export interface Sessions {
  /** The running ones first, each group with the newest first; undefined before the first answer. */
  list: api.Session[] | undefined;
  /** Why the last question was not answered. */
  failure: string | undefined;
  /** When the list was true. */
  now_ms: number;
  refresh: () => void;
}

/** `leave` is called when the server does not know this browser any more. */
export function useSessions(leave: (why?: string) => void): Sessions {
  const [state, setState] = useState<Omit<Sessions, "refresh">>({ list: undefined, failure: undefined, now_ms: Date.now() });
  const [round, setRound] = useState(0);
  const refresh = useCallback(() => setRound((round) => round + 1), []);
  useEffect(() => {
    let timer: number | undefined;
    let over = false;
    const ask = async () => {
      clearTimeout(timer);
      try {
        const list = sorted(await api.list());
        if (!over) setState({ list, failure: undefined, now_ms: Date.now() });
      } catch (failure) {
        if (over) return;
        if (failure instanceof api.ApiError && failure.status === 401) return leave(failure.message);
        setState((last) => ({ ...last, failure: failure instanceof Error ? failure.message : String(failure) }));
      }
      clearTimeout(timer);
      if (!over && !document.hidden) timer = window.setTimeout(() => void ask(), EVERY_MS);
    };
    const looked = () => {
      if (!document.hidden) void ask();
    };
    void ask();
    document.addEventListener("visibilitychange", looked);
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", looked);
    };
  }, [leave, round]);
  return { ...state, refresh };
}

function sorted(list: api.Session[]): api.Session[] {
  const rank = (session: api.Session) => (session.phase === "running" ? 0 : 1);
  return [...list].sort((one, other) => rank(one) - rank(other) || other.created - one.created);
}
