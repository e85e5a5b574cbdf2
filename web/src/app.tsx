// Who is let in sees the list of sessions and one of them; on a phone one or the other.
import { Suspense, lazy, useCallback, useEffect, useState } from "react";
import { ApiError, type Me } from "./api";
import { commands, type Command } from "./commands";
import { useNotifying, useTab } from "./notify";
import { usePaletteKey } from "./palette_key";
import { goTo, usePlace, useRoute, type Place } from "./route";
import { useSessions, type Sessions } from "./sessions";
import { useTheme } from "./theme";
import { LoggedOut } from "./views/logged_out";
import { Palette } from "./views/palette";
import { SessionList } from "./views/session_list";
import { SessionView } from "./views/session_view";
import { line } from "./words";

// The first picture is a terminal's: what else there is comes when it is asked for.
const HealthView = lazy(() => import("./views/health"));
const JobsView = lazy(() => import("./views/jobs_view"));
const AccessView = lazy(() => import("./views/access"));
const DocsView = lazy(() => import("./views/docs"));
const NeedsView = lazy(() => import("./views/needs_view"));
const ConversationsView = lazy(() => import("./views/conversations_view"));
const ProjectsView = lazy(() => import("./views/projects_view"));
const SearchView = lazy(() => import("./views/search_view"));
const ReplayView = lazy(async () => ({ default: (await import("./views/replay_view")).ReplayView }));

type Entry = { is: "asking" } | { is: "in"; me: Me } | { is: "out"; why: string | undefined } | { is: "unreachable" };

export function App({ entered }: { entered: Promise<Me> }) {
  const [entry, setEntry] = useState<Entry>({ is: "asking" });
  useEffect(() => {
    entered.then(
      (me) => setEntry({ is: "in", me }),
      (failure: unknown) => setEntry(refused(failure)),
    );
  }, [entered]);
  const leave = useCallback((why?: string) => setEntry({ is: "out", why }), []);
  const theme = useTheme();
  switch (entry.is) {
    case "asking":
      return <main className="alone" aria-busy="true" />;
    case "out":
      return <LoggedOut why={entry.why} />;
    case "unreachable":
      return <LoggedOut why="the server cannot be reached" />;
    case "in":
      return <Inside me={entry.me} leave={leave} theme={theme} />;
  }
}

function refused(failure: unknown): Entry {
  if (!(failure instanceof ApiError) || failure.status === 0) return { is: "unreachable" };
  // Who simply has no cookie needs no explanation beside the page's own.
  return { is: "out", why: failure.message === "" ? undefined : failure.message };
}

interface InsideProps {
  me: Me;
  leave: (why?: string) => void;
  theme: ReturnType<typeof useTheme>;
}

const TITLES: Record<Place, string> = { needs: "Needs you", projects: "Projects", conversations: "Conversations", search: "Search", health: "Health", jobs: "Jobs", access: "Access", docs: "API" };

function Inside({ me, leave, theme }: InsideProps) {
  const [{ session: open, replay, lost }, go] = useRoute();
  const place = usePlace();
  const sessions = useSessions(leave);
  const [palette, setPalette] = useState(false);
  const [making, setMaking] = useState(false);
  const [started, setStarted] = useState<string>();
  const shown = sessions.list?.find(({ id, name }) => id === open || name === open);
  const title = place === undefined ? shown?.name : TITLES[place];
  const waiting = useTab(title, sessions.list);
  const notifying = useNotifying(sessions.list);
  usePaletteKey(me, () => setPalette(true));
  useEffect(() => {
    // Whoever comes back to it later changes no size.
    if (open !== started) setStarted(undefined);
  }, [open]);
  const start = () => {
    if (open !== undefined || place !== undefined || lost) goTo("/");
    setMaking(true);
  };
  return (
    <div className="page" data-open={open !== undefined || place !== undefined || lost}>
      <SessionList me={me} sessions={sessions} open={shown?.id ?? open} place={place} waiting={waiting} started={setStarted} making={making} setMaking={setMaking} go={go} leave={leave} theme={theme} search={() => setPalette(true)} />
      {place !== undefined ? (
        <Suspense fallback={<main className="session" aria-busy="true" />}>
          {place === "needs" && <NeedsView me={me} sessions={sessions} notifying={notifying} leave={leave} />}
          {place === "projects" && <ProjectsView me={me} leave={leave} />}
          {place === "conversations" && <ConversationsView me={me} leave={leave} />}
          {place === "search" && <SearchView leave={leave} />}
          {place === "health" && <HealthView me={me} sessions={sessions.list ?? []} leave={leave} />}
          {place === "jobs" && <JobsView me={me} leave={leave} />}
          {place === "access" && <AccessView me={me} sessions={sessions.list ?? []} now_ms={sessions.now_ms} leave={leave} />}
          {place === "docs" && <DocsView />}
        </Suspense>
      ) : lost ? (
        <main className="session nothing">
          <p role="alert">There is no such page.</p>
          <button type="button" onClick={() => goTo("/")}>
            To the sessions
          </button>
        </main>
      ) : open === undefined ? (
        <main className="session nothing">
          <p>Choose a session.</p>
          <p className="hint">
            <kbd>↑</kbd> <kbd>↓</kbd> move, <kbd>Enter</kbd> opens, <kbd>Ctrl+K</kbd> finds everything
          </p>
          <p className="hint">
            In a terminal <kbd>Ctrl+Shift+K</kbd> finds everything, <kbd>Ctrl+Shift+F</kbd> finds a text, <kbd>Ctrl+Shift+H</kbd> replays, <kbd>Ctrl+Shift+C</kbd> copies, <kbd>Ctrl+Shift+L</kbd> comes back here
          </p>
        </main>
      ) : replay ? (
        <Suspense fallback={<main className="session" aria-busy="true" />}>
          <ReplayView key={shown?.id ?? open} id={shown?.id ?? open} session={shown} me={me} light={theme.light} go={go} leave={leave} />
        </Suspense>
      ) : (
        <SessionView key={shown?.id ?? open} id={shown?.id ?? open} session={shown} listed={sessions.list !== undefined} now_ms={sessions.now_ms} fit={open === started} me={me} light={theme.light} go={go} leave={leave} />
      )}
      {palette && <Palette commands={everything(me, sessions, waiting, theme, start)} otherwise={searchFor} close={() => setPalette(false)} />}
    </div>
  );
}

const searchFor = (words: string): Command => ({ label: `Search conversations for «${words}»`, run: () => goTo(`/search?${new URLSearchParams({ q: words })}`) });

/** What the palette offers: what the view can do, then sessions, then the rest. */
function everything(me: Me, sessions: Sessions, waiting: number, theme: InsideProps["theme"], start: () => void): Command[] {
  const list = sessions.list ?? [];
  const manages = me.role === "manage";
  return [
    ...commands(),
    { label: "Needs you", hint: waiting === 0 ? "nothing does" : waiting === 1 ? "one session does" : `${waiting} sessions do`, run: () => goTo("/needs") },
    ...list.map(({ id, name, state, command }) => ({ label: name, hint: `${state} · ${line(command)}`, run: () => goTo(`/s/${id}`) })),
    ...(manages && me.session === null ? [{ label: "New session", run: start }] : []),
    { label: "Search conversations…", hint: "what was said and done", run: () => goTo("/search") },
    { label: "Conversations", hint: "all that are kept", run: () => goTo("/conversations") },
    ...(me.session === null ? [{ label: "Projects", hint: "what was done, and what it cost", run: () => goTo("/projects") }] : []),
    ...(me.session === null ? [{ label: "Health", hint: "the server in figures", run: () => goTo("/health") }] : []),
    ...(me.session === null ? [{ label: "Jobs", hint: "titles and summaries by a model", run: () => goTo("/jobs") }] : []),
    ...(manages ? [{ label: "Access", hint: "tokens and who is connected", run: () => goTo("/access") }] : []),
    { label: "API", hint: "the HTTP interface", run: () => goTo("/docs") },
    { label: theme.light ? "Dark colours" : "Light colours", run: theme.toggle },
  ];
}
