// Who is let in sees the list of sessions and one of them; on a phone one or the other.
import { useCallback, useEffect, useState } from "react";
import { ApiError, type Me } from "./api";
import { useRoute } from "./route";
import { useSessions } from "./sessions";
import { useTheme } from "./theme";
import { LoggedOut } from "./views/logged_out";
import { SessionList } from "./views/session_list";
import { SessionView } from "./views/session_view";

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
  const plain = failure.message.startsWith("a token is needed");
  return { is: "out", why: plain ? undefined : failure.message };
}

interface InsideProps {
  me: Me;
  leave: (why?: string) => void;
  theme: ReturnType<typeof useTheme>;
}

function Inside({ me, leave, theme }: InsideProps) {
  const [open, go] = useRoute();
  const sessions = useSessions(leave);
  const shown = sessions.list?.find(({ id, name }) => id === open || name === open);
  useEffect(() => {
    document.title = shown === undefined ? "Centerfire" : `${shown.name} · Centerfire`;
  }, [shown?.name]);
  return (
    <div className="page" data-open={open !== undefined}>
      <SessionList me={me} sessions={sessions} open={shown?.id ?? open} go={go} leave={leave} theme={theme} />
      {open === undefined ? (
        <main className="session nothing">
          <p>Choose a session.</p>
          <p className="hint">
            <kbd>↑</kbd> <kbd>↓</kbd> move, <kbd>Enter</kbd> opens
          </p>
          <p className="hint">
            In a terminal <kbd>Ctrl+Shift+F</kbd> finds, <kbd>Ctrl+Shift+C</kbd> copies, <kbd>Ctrl+Shift+L</kbd> comes back here
          </p>
        </main>
      ) : (
        <SessionView key={shown?.id ?? open} id={shown?.id ?? open} session={shown} listed={sessions.list !== undefined} me={me} light={theme.light} go={go} leave={leave} />
      )}
    </div>
  );
}
