// The page's own addresses: `/` is the list, `/s/{id}` a session, `/s/{id}/replay` its recording, from `?at=OFFSET` on,
// `/conversations/{cli}/{id}` a conversation, from `#ENTRY` on, `/projects/{id}` a project, and each other view has its name.
import { useEffect, useState, type MouseEvent } from "react";

/** The views beside the sessions, by their addresses. */
const PLACES = ["needs", "projects", "conversations", "search", "health", "jobs", "access", "docs"] as const;
export type Place = (typeof PLACES)[number];
/** Those that show one of many at an address below theirs. */
const WITH_PARTS: Place[] = ["projects", "conversations"];

interface Route {
  session: string | undefined;
  replay: boolean;
  /** Whether nothing is at the address. */
  lost: boolean;
}

export type Go = (session: string | undefined, replay?: boolean) => void;

/** Shows what is at an address of the page. */
export function goTo(path: string): void {
  if (path !== location.pathname + location.search + location.hash) history.pushState(null, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** What makes a link show an address of the page, unless it is to be opened elsewhere. */
export const linkTo = (path: string) => ({
  href: path,
  onClick: (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    goTo(path);
  },
});

/** Something of the address, whenever it changes. */
function useAddress<T>(read: () => T): T {
  const [value, setValue] = useState(read);
  useEffect(() => {
    const moved = () => setValue(read());
    addEventListener("popstate", moved);
    return () => removeEventListener("popstate", moved);
  }, [read]);
  return value;
}

const currentPlace = () => PLACES.find((place) => location.pathname === `/${place}` || (WITH_PARTS.includes(place) && location.pathname.startsWith(`/${place}/`)));

/** The view that is shown, if it is none of a session. */
export const usePlace = (): Place | undefined => useAddress(currentPlace);

function currentRoute(): Route {
  const found = /^\/s\/([^/]+)(\/replay)?$/.exec(location.pathname);
  const lost = found === null && location.pathname !== "/" && currentPlace() === undefined;
  return { session: found?.[1] === undefined ? undefined : decodeURIComponent(found[1]), replay: found?.[2] !== undefined, lost };
}

/** Shows a session, its recording, or none. */
const go: Go = (session, replay = false) => {
  goTo(session === undefined ? "/" : `/s/${encodeURIComponent(session)}${replay ? "/replay" : ""}`);
};

/** What is shown, and how to show a session, its recording, or none. */
export const useRoute = (): [Route, Go] => [useAddress(currentRoute), go];

/** The whole address behind the server's name, for views that have more in it. */
export const useWholeAddress = (): string => useAddress(wholeAddress);

const wholeAddress = () => location.pathname + location.search + location.hash;
