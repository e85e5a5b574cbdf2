// The page's own addresses: `/` is the list, `/s/{id}` a session, and each other view has its name.
import { useEffect, useState } from "react";

/** The views beside the sessions, by their addresses. */
const PLACES = ["health", "access", "docs"] as const;
export type Place = (typeof PLACES)[number];

/** Shows what is at an address of the page. */
export function goTo(path: string): void {
  if (path !== location.pathname) history.pushState(null, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** The view that is shown, if it is none of a session. */
export function usePlace(): Place | undefined {
  const now = () => PLACES.find((place) => location.pathname === `/${place}`);
  const [place, setPlace] = useState(now);
  useEffect(() => {
    const moved = () => setPlace(now());
    addEventListener("popstate", moved);
    return () => removeEventListener("popstate", moved);
  }, []);
  return place;
}

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
    goTo(wanted === undefined ? "/" : `/s/${encodeURIComponent(wanted)}`);
  };
  return [session, go];
}
