// The sessions, one a line: those that run, then those that ended.
import type { KeyboardEvent, ReactNode } from "react";
import { age } from "../age";
import * as api from "../api";
import { wordOf } from "../need";
import { usePaletteKeys } from "../palette_key";
import { linkTo, type Go, type Place } from "../route";
import type { Sessions } from "../sessions";
import type { useTheme } from "../theme";
import { folderOf, line } from "../words";
import { Mark } from "./mark";
import { NewSession } from "./new_session";
import { State } from "./state";

/** Ended sessions that are listed: the newest. The rest would make each look at the list slower, and nobody reads it. */
const ENDED_MAX = 200;

interface Props {
  me: api.Me;
  sessions: Sessions;
  open: string | undefined;
  place: Place | undefined;
  /** Sessions that wait for somebody. */
  waiting: number;
  /** Told of each session that is started here. */
  started: (id: string) => void;
  making: boolean;
  setMaking: (making: boolean) => void;
  /** Opens the palette. */
  search: () => void;
  go: Go;
  leave: (why?: string) => void;
  theme: ReturnType<typeof useTheme>;
}

export function SessionList({ me, sessions, open, place, waiting, started, making, setMaking, search, go, leave, theme }: Props) {
  const { list, failure, now_ms } = sessions;
  const keys = usePaletteKeys(me);
  const running = list?.filter(({ phase }) => phase === "running") ?? [];
  const ended = list?.filter(({ phase }) => phase !== "running") ?? [];
  // A recording of others has no folder.
  const latest = list?.filter(({ cwd }) => cwd !== "").reduce<api.Session | undefined>((one, other) => (one !== undefined && one.created > other.created ? one : other), undefined);
  const logout = () => api.logout().then(() => leave("you are logged out"), () => leave());
  const made = (session: api.Session) => {
    setMaking(false);
    sessions.refresh();
    started(session.id);
    go(session.id);
  };
  const row = (session: api.Session) => <Row key={session.id} session={session} open={session.id === open} now_ms={now_ms} go={go} />;
  return (
    <nav className="list" aria-label="Sessions" onKeyDown={move}>
      <header>
        <h1>
          <Mark /> Centerfire
        </h1>
        <button type="button" className="quiet" onClick={search} aria-label={`Find everything: ${keys}`} title={`Find everything (${keys.replaceAll(" ", "+")})`}>
          <kbd>{keys}</kbd>
          <svg className="lens" viewBox="0 0 16 16" aria-hidden="true">
            <circle cx="7" cy="7" r="4.5" />
            <path d="M10.5 10.5 14 14" />
          </svg>
        </button>
        <button type="button" className="quiet" onClick={theme.toggle} aria-label={theme.light ? "Dark colours" : "Light colours"} title={theme.light ? "Dark colours" : "Light colours"}>
          {theme.light ? "☾" : "☀"}
        </button>
      </header>
      {me.role === "manage" && me.session === null && (
        <div className="new">
          {making ? (
            <NewSession latest={latest?.cwd} made={made} cancel={() => setMaking(false)} />
          ) : (
            <button type="button" onClick={() => setMaking(true)}>
              New session
            </button>
          )}
        </div>
      )}
      <p className="places">
        <PlaceLink to="needs" now={place}>
          Needs you{waiting > 0 && <span className="count">{waiting}</span>}
        </PlaceLink>
        {me.session === null && (
          <PlaceLink to="projects" now={place}>
            Projects
          </PlaceLink>
        )}
        <PlaceLink to="conversations" now={place}>
          Conversations
        </PlaceLink>
        <PlaceLink to="search" now={place}>
          Search
        </PlaceLink>
      </p>
      <div className="rows" aria-busy={list === undefined}>
        {list?.length === 0 && (
          <div className="empty">
            <p>No session yet.</p>
            <p className="hint">
              Start one here, or in a terminal: <code>centerfire run -- claude</code>
            </p>
          </div>
        )}
        {running.length > 0 && (
          <section aria-label="Running">
            <h2>
              Running <span>{running.length}</span>
            </h2>
            <ul>{running.map(row)}</ul>
          </section>
        )}
        {ended.length > 0 && (
          <section aria-label="Ended">
            <h2>
              Ended <span>{ended.length}</span>
            </h2>
            <ul>{ended.slice(0, ENDED_MAX).map(row)}</ul>
            {ended.length > ENDED_MAX && (
              <p className="hint more">
                {ended.length - ENDED_MAX} older: <code>centerfire list --all</code>
              </p>
            )}
          </section>
        )}
      </div>
      {failure !== undefined && (
        <p className="trouble" role="status">
          Not up to date: {failure}. Trying again.
        </p>
      )}
      <footer>
        {me.session === null && (
          <PlaceLink to="health" now={place}>
            Health
          </PlaceLink>
        )}
        {me.session === null && (
          <PlaceLink to="jobs" now={place}>
            Jobs
          </PlaceLink>
        )}
        {me.role === "manage" && (
          <PlaceLink to="access" now={place}>
            Access
          </PlaceLink>
        )}
        <PlaceLink to="docs" now={place}>
          API
        </PlaceLink>
        <button type="button" className="quiet" onClick={() => void logout()}>
          Log out
        </button>
      </footer>
    </nav>
  );
}

function PlaceLink({ to, now, children }: { to: Place; now: Place | undefined; children: ReactNode }) {
  return (
    <a {...linkTo(`/${to}`)} aria-current={to === now ? "page" : undefined}>
      {children}
    </a>
  );
}

interface RowProps {
  session: api.Session;
  open: boolean;
  now_ms: number;
  go: Go;
}

function Row({ session, open, now_ms, go }: RowProps) {
  // The server itself is a client of each session that a page follows: it is nobody's eyes.
  const clients = session.clients?.filter(({ name }) => name !== "serve") ?? [];
  const watching = clients.filter(({ control }) => !control).length;
  const key = (event: KeyboardEvent) => {
    if (event.key === "r" && !event.ctrlKey && !event.metaKey && !event.altKey) go(session.id, true);
  };
  return (
    <li>
      <a {...linkTo(`/s/${session.id}`)} className="row" aria-current={open ? "page" : undefined} aria-keyshortcuts="r" onKeyDown={key}>
        <span className="over">
          <span className="name">{session.name}</span>
          <State word={wordOf(session)} />
        </span>
        <span className="under">
          <span className="folder" title={session.cwd}>
            {folderOf(session.cwd)}
          </span>
          <span className="command">{line(session.command)}</span>
          <span className="facts">
            {clients.length > watching && <span title="Somebody has control: the session has the size of that window">in use</span>}
            {watching > 0 && <span title="Terminals that are attached to it, and pages that type; who only looks is listed under Access">{watching} watching</span>}
            <time title={new Date(session.created / 1_000).toLocaleString()}>{age(session.created, now_ms)}</time>
          </span>
        </span>
      </a>
    </li>
  );
}

/** Up and down go from line to line. */
function move(event: KeyboardEvent<HTMLElement>): void {
  const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("a.row")];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const inForm = event.target instanceof HTMLInputElement;
  let next: HTMLElement | undefined;
  if (event.key in steps && !inForm) next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + (steps[event.key] ?? 0)))];
  if (event.key === "Home" && at >= 0) next = rows[0];
  if (event.key === "End" && at >= 0) next = rows.at(-1);
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
