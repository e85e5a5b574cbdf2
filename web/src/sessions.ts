// The sessions as they are now, told by the server while somebody looks.
import { useCallback, useEffect, useState } from "react";
import * as api from "./api";
import { follow } from "./hub";
import { isNotifying } from "./notify";

/** How often ages are counted anew. */
const TICK_MS = 2_000;
/** How often a tab that nobody sees looks at the list. */
const HIDDEN_EVERY_MS = 20_000;

export interface Sessions {
  /** The running ones first, each group with the newest first; undefined before the first answer. */
  list: api.Session[] | undefined;
  /** Why the list may not be true. */
  failure: string | undefined;
  now_ms: number;
  /** Asks at once, for whoever just changed something. */
  refresh: () => void;
}

/** `leave` is called when the server does not know this browser any more. */
export function useSessions(leave: (why?: string) => void): Sessions {
  const [list, setList] = useState<api.Session[]>();
  const [failure, setFailure] = useState<string>();
  const [now_ms, setNow] = useState(Date.now);
  const told = useCallback((list: api.Session[]) => {
    setList(sorted(list));
    setFailure(undefined);
    setNow(Date.now());
  }, []);
  const refresh = useCallback(() => void api.list().then(told, () => {}), [told]);
  useEffect(() => {
    let end: (() => void) | undefined;
    // Who does not look is told nothing, unless he wants to be: the list is long, and changes all the time. What the tab's title
    // says is looked at now and then.
    const looked = () => {
      end?.();
      end = document.hidden && !isNotifying() ? seldom(refresh) : follow({ sessions: told, away: setFailure, out: leave });
    };
    looked();
    document.addEventListener("visibilitychange", looked);
    const tick = setInterval(() => document.hidden || setNow(Date.now()), TICK_MS);
    return () => {
      end?.();
      clearInterval(tick);
      document.removeEventListener("visibilitychange", looked);
    };
  }, [leave, told, refresh]);
  return { list, failure, now_ms, refresh };
}

function seldom(look: () => void): () => void {
  const timer = setInterval(look, HIDDEN_EVERY_MS);
  return () => clearInterval(timer);
}

function sorted(list: api.Session[]): api.Session[] {
  const rank = (session: api.Session) => (session.phase === "running" ? 0 : 1);
  return [...list].sort((one, other) => rank(one) - rank(other) || other.created - one.created);
}
