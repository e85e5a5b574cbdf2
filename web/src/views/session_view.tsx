// One session: its terminal, who controls it, and on a phone the keys that the phone lacks.
import { Suspense, lazy, useEffect, useRef, useState } from "react";
import * as api from "../api";
import { CHAT_KEYS, isNarrow, useChatShown } from "../chat_shown";
import { offer, type Command } from "../commands";
import { ofSession } from "../conversation/api";
import { wordOf } from "../need";
import type { Go } from "../route";
import { Follower, type FollowerState } from "../terminal/follower";
import { Banner } from "./banner";
import { Compose } from "./compose";
import { Ended } from "./ended";
import { Find } from "./find";
import { KeyBar } from "./key_bar";
import { SessionChange, type Change } from "./session_change";
import { SessionMenu, type MenuItem } from "./session_menu";
import { Share } from "./share";
import { State } from "./state";

/** Whether a narrow window, in which letters of a wide terminal can hardly be read, has a conversation to show instead. */
function useSpoken(session: api.Session | undefined, fit: boolean): boolean {
  const [spoken, setSpoken] = useState(false);
  const id = session?.id;
  useEffect(() => {
    setSpoken(false);
    if (id === undefined || fit || !isNarrow()) return;
    let over = false;
    // That of a program that nobody knows is only what its terminal shows.
    ofSession(id).then((list) => over || setSpoken(list.some(({ cli }) => cli !== "generic")), () => {});
    return () => {
      over = true;
    };
  }, [id]);
  return spoken;
}

const SessionApprovals = lazy(() => import("./session_approvals"));
const SessionChat = lazy(() => import("./session_chat"));

interface Props {
  id: string;
  /** Undefined as long as the list is, and where the session is not in it. */
  session: api.Session | undefined;
  listed: boolean;
  now_ms: number;
  /** Whether it was started here just now: then it gets this window's size. */
  fit: boolean;
  me: api.Me;
  light: boolean;
  go: Go;
  leave: (why?: string) => void;
}

export function SessionView({ id, session, listed, now_ms, fit, me, light, go, leave }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const follower = useRef<Follower>(undefined);
  const [state, setState] = useState<FollowerState>();
  const [gone, setGone] = useState<string>();
  const [ctrl, setCtrl] = useState(false);
  const [finding, setFinding] = useState(false);
  const [sharing, setSharing] = useState(false);
  const [change, setChange] = useState<Change>();
  // What is typed next is for the program. On a phone its keyboard would cover half of what is to be seen.
  const toTerminal = () => {
    if (matchMedia("(pointer: fine)").matches) follower.current?.screen.focus();
  };
  const take = () => {
    follower.current?.take();
    toTerminal();
  };
  const release = () => {
    follower.current?.release();
    toTerminal();
  };
  const missing = listed && session === undefined;
  const [chat, toggleChat] = useChatShown({ instead: useSpoken(session, fit) });
  const [asks, setAsks] = useState(false);
  useEffect(() => {
    // Once it asked, how that ended is to be told as well.
    if ((session?.approvals ?? []).length > 0 || (state?.questions ?? 0) > 0) setAsks(true);
  }, [session?.approvals, state?.questions]);

  useEffect(() => {
    if (frame.current === null || gone !== undefined) return;
    const made = new Follower(id, frame.current, { role: me.role, light, fit }, setState, api.failing(leave, setGone));
    made.onCtrlUsed = () => setCtrl(false);
    made.onShortcut = (shortcut) => {
      if (shortcut === "find") setFinding(true);
      else if (shortcut === "replay") go(id, true);
      else document.querySelector<HTMLElement>("a.row[aria-current]")?.focus();
    };
    follower.current = made;
    toTerminal();
    // What a test, or a curious user, asks the terminal itself.
    Object.assign(window, { centerfire: made.screen.terminal });
    return () => {
      follower.current = undefined;
      made.close();
    };
    // The theme is told below: it must not begin the session anew. Nor must that it is not new any more.
  }, [id, gone]);
  useEffect(() => follower.current?.screen.light(light), [light]);
  useEffect(() => {
    if (follower.current) follower.current.ctrl = ctrl;
  }, [ctrl]);

  const name = session?.name ?? (missing ? id : "…");
  const ended = state?.exit !== undefined || (session !== undefined && session.phase !== "running");
  const imported = session?.imported !== undefined;
  const mayType = state?.role !== "view" && !ended;
  const control = state?.control ?? "none";
  const manages = me.role === "manage";
  const can = (can: boolean, label: string, run: () => void): Command[] => (can ? [{ label, hint: name, run }] : []);
  const wide = (commands: Command[]): MenuItem[] => commands.map((command) => ({ ...command, isWide: true }));
  const known = session?.id ?? id;
  const items: MenuItem[] = [
    ...wide(can(manages, "Share", () => setSharing(true))),
    ...wide(can(gone === undefined, "Replay", () => go(id, true))),
    ...can(manages && session !== undefined, "Rename…", () => setChange("rename")),
    ...can(gone === undefined, "Download recording", () => api.download(known, name, "asciicast-v2")),
    ...can(gone === undefined, "Download recording as text", () => api.download(known, name, "text")),
    ...can(manages && !ended, "End…", () => setChange("end")),
    ...can(manages && ended, "Remove…", () => setChange("remove")),
  ];
  useEffect(() => {
    return offer([
      ...can(mayType && control !== "held", "Take control", take),
      ...can(mayType && control === "held", "Release control", release),
      ...items,
      ...can(gone === undefined, chat ? "Hide the conversation" : "Show the conversation", toggleChat),
      ...can(gone === undefined, "Find in the terminal", () => setFinding(true)),
      ...can(gone === undefined, "Save the screen as a page", () => void follower.current?.screen.save(name)),
    ]);
  }, [id, known, name, mayType, ended, control, manages, gone, go, chat]);

  if (gone !== undefined) {
    return (
      <main className="session nothing">
        <p role="alert">{gone}</p>
        <button type="button" onClick={() => go(undefined)}>
          To the sessions
        </button>
      </main>
    );
  }
  const again = async () => {
    try {
      go((await api.restart(id)).id);
    } catch (failure) {
      follower.current?.complain(api.reason(failure));
    }
  };
  return (
    <main className="session" aria-label={`Session ${name}`} data-chat={chat}>
      <header>
        <button type="button" className="quiet back" aria-label="To the sessions" onClick={() => go(undefined)}>
          ←
        </button>
        <h2>{name}</h2>
        {session !== undefined && <State word={wordOf(session)} />}
        <span className="title">{session?.title}</span>
        <span className="size" title="Columns and rows of the session">
          {state === undefined ? "" : `${state.size.cols}×${state.size.rows}`}
        </span>
        {state?.role === "view" && <span className="watching">watching only</span>}
        <button type="button" className="chat-toggle" aria-pressed={chat} onClick={toggleChat} title={`What was said and done (${CHAT_KEYS})`}>
          Chat
        </button>
        {manages && (
          <button type="button" className="wide" onClick={() => setSharing(true)} title="Make a link that opens this session to somebody else">
            Share
          </button>
        )}
        {!ended && (
          <button type="button" className="wide" onClick={() => go(id, true)} title="Play the recording (Ctrl+Shift+H in the terminal)">
            Replay
          </button>
        )}
        {mayType && control !== "held" && (
          <button type="button" disabled={control === "asked" || state?.link.is !== "open"} onClick={take} title="Typing is possible at once; control sets the session's size: it is fitted to this window">
            Take control
          </button>
        )}
        {mayType && control === "held" && (
          <button type="button" className="held" onClick={release} title="Let others set the session's size">
            Release
          </button>
        )}
        <SessionMenu items={items} />
      </header>
      {change !== undefined && (
        <SessionChange
          change={change}
          id={known}
          name={name}
          close={() => {
            setChange(undefined);
            toTerminal();
          }}
          removed={() => go(undefined)}
        />
      )}
      {sharing && (
        <Share
          id={known}
          name={name}
          close={() => {
            setSharing(false);
            toTerminal();
          }}
        />
      )}
      <div className="theatre">
        <div className="stage">
          <div className="frame" ref={frame} />
          {finding && follower.current !== undefined && (
            <Find
              screen={follower.current.screen}
              close={() => {
                setFinding(false);
                follower.current?.screen.focus();
              }}
            />
          )}
          {state !== undefined && (
            <Banner state={state} hurry={() => follower.current?.hurry()} forgive={() => follower.current?.forgive()} />
          )}
        </div>
        {asks && session !== undefined && (
          <Suspense>
            <SessionApprovals session={session} questions={state?.questions ?? 0} me={me} now_ms={now_ms} leave={leave} done={toTerminal} />
          </Suspense>
        )}
        {chat && (
          <div className="beside">
            <Suspense fallback={<section className="chat" aria-busy="true" />}>
              <SessionChat session={session?.id} me={me} leave={leave} />
            </Suspense>
            {mayType && <Compose send={(text) => follower.current?.submit(text) ?? false} />}
          </div>
        )}
      </div>
      {ended && <Ended exit={state?.exit ?? session?.exit} imported={imported} resume={session?.resume} cwd={session?.cwd} replay={() => go(id, true)} again={me.role === "manage" && !imported ? () => void again() : undefined} />}
      {mayType && (
        <footer>
          <KeyBar press={(key) => follower.current?.press(key)} ctrl={ctrl} setCtrl={setCtrl} />
          <Compose send={(text) => follower.current?.submit(text) ?? false} />
        </footer>
      )}
    </main>
  );
}
