// The page's own addresses: `/` is the list, `/s/{id}` a session.
import { useEffect, useState } from "react";

function current(): string | undefined {
  const found = /^\/s\/([^/]+)$/.exec(location.pathname);
  return found?.[1] === undefined ? undefined : decodeURIComponent(found[1]);
}

/** The session that is shown, and how to show another, or none. */
export function useRoute(): [string | undefined, (session: string | undefined) => void] {
  const [session, setSession] = useState(current);
  useEffect(() => {
    const moved = () => setSession(current());
    addEventListener("popstate", moved);
    return () => removeEventListener("popstate", moved);
  }, []);
  const go = (wanted: string | undefined) => {
    if (wanted !== current()) history.pushState(null, "", wanted === undefined ? "/" : `/s/${encodeURIComponent(wanted)}`);
    setSession(wanted);
  };
  return [session, go];
}
