// Tells which conversations something came to. One connection serves the whole page, as long as anybody listens and somebody
// looks: a browser has but six to a server, for all its tabs.
import type { Me } from "../api";

/** How often those look who are not told: a link to one session hears nothing of others. */
const LOOK_EVERY_MS = 2_000;
/** Before a connection that was refused is tried again. */
const RETRY_MS = 5_000;

type Changed = { cli: string; conversation: string };
/** Called with what changed, or with nothing where anything may have. */
type Hearer = (changed: Changed[] | undefined) => void;

const hearers = new Set<Hearer>();
let end: (() => void) | undefined;

/** Listens; gives what ends it. */
export function onChanged(me: Me, hearer: Hearer): () => void {
  hearers.add(hearer);
  if (hearers.size === 1) {
    const looked = () => {
      end?.();
      end = document.hidden ? undefined : me.session === null ? connect() : look();
      // What came while nobody looked.
      if (!document.hidden) tell(undefined);
    };
    end = me.session === null ? connect() : look();
    document.addEventListener("visibilitychange", looked);
    stop = () => document.removeEventListener("visibilitychange", looked);
  }
  return () => {
    if (!hearers.delete(hearer) || hearers.size > 0) return;
    end?.();
    end = undefined;
    stop();
  };
}

let stop = () => {};

function tell(changed: Changed[] | undefined): void {
  for (const hearer of [...hearers]) hearer(changed);
}

function look(): () => void {
  const timer = setInterval(() => tell(undefined), LOOK_EVERY_MS);
  return () => clearInterval(timer);
}

function connect(): () => void {
  let source: EventSource;
  let retry: number | undefined;
  let was_open = false;
  const open = () => {
    source = new EventSource("/api/v1/conversations/events");
    source.onopen = () => {
      // What came while there was no connection was not told.
      if (was_open) tell(undefined);
      was_open = true;
    };
    source.addEventListener("changed", ({ data }) => tell(JSON.parse(String(data)) as Changed[]));
    source.addEventListener("missed", () => tell(undefined));
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return;
      was_open = true;
      retry = window.setTimeout(open, RETRY_MS);
    };
  };
  open();
  return () => {
    clearTimeout(retry);
    source.close();
  };
}
