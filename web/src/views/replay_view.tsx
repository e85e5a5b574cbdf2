// A recording, played: the terminal as it was, and below it the time. Nothing here types into the session.
import { Suspense, lazy, useEffect, useMemo, useRef, useState } from "react";
import * as api from "../api";
import { CHAT_KEYS, isNarrow, useChatShown } from "../chat_shown";
import { spoken } from "../replay/clock";
import { playerKey } from "../replay/keys";
import { Player, SPEEDS, type PlayerState } from "../replay/player";
import type { Go } from "../route";
import { RecordingSearch, type Found } from "./recording_search";
import { Timeline } from "./timeline";

const SessionChat = lazy(() => import("./session_chat"));

/** Seconds to which pauses may be cut. */
const IDLE = [0.5, 1, 2, 5];
const IDLE_FIRST = 2;

interface Props {
  id: string;
  session: api.Session | undefined;
  me: api.Me;
  light: boolean;
  go: Go;
  leave: (why?: string) => void;
}

export function ReplayView({ id, session, me, light, go, leave }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const [player, setPlayer] = useState<Player>();
  const [state, setState] = useState<PlayerState>();
  const [gone, setGone] = useState<string>();
  const [searching, setSearching] = useState(false);
  const [found, setFound] = useState<Found>();
  const [chat, toggleChat] = useChatShown({ covering: true });
  const [picked, setPicked] = useState<string>();
  const hits = useMemo(() => found?.hits.map(({ time }) => time) ?? [], [found]);

  useEffect(() => {
    if (frame.current === null || gone !== undefined) return;
    const made = new Player(id, frame.current, light, IDLE_FIRST, setState, api.failing(leave, setGone));
    setPlayer(made);
    void made.open(offsetAsked());
    // What a test, or a curious user, asks the terminal itself.
    Object.assign(window, { centerfire: made.screen.terminal });
    return () => {
      setPlayer(undefined);
      made.close();
    };
    // The theme is told below: it must not begin the replay anew.
  }, [id, gone]);
  useEffect(() => player?.screen.light(light), [player, light]);
  useEffect(() => {
    if (player === undefined) return;
    const pressed = (event: KeyboardEvent) => playerKey(event, player, { search: () => setSearching(true), leave: () => go(id) });
    // Before the terminal, which would take most keys for itself.
    addEventListener("keydown", pressed, true);
    return () => removeEventListener("keydown", pressed, true);
  }, [player, id]);
  // What is marked in the terminal is looked for in the conversation.
  useEffect(() => {
    const terminal = player?.screen.terminal;
    const listening = terminal?.onSelectionChange(() => setPicked(terminal.getSelection() || undefined));
    return () => listening?.dispose();
  }, [player]);
  // The address names the moment, so that it can be sent to somebody.
  useEffect(() => {
    if (state?.size !== undefined && !state.playing) history.replaceState(null, "", `${location.pathname}?at=${state.offset}`);
  }, [state?.playing, state?.offset]);

  const name = session?.name ?? "…";
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
  const timeline = state?.timeline;
  const when = session === undefined || state === undefined ? undefined : new Date((session.created + state.time) / 1_000).toLocaleString();
  return (
    <main className="session replay" aria-label={`Replay of ${name}`} data-chat={chat}>
      <header>
        <button type="button" className="quiet back" aria-label="To the sessions" onClick={() => go(undefined)}>
          ←
        </button>
        <h2>{name}</h2>
        <span className="badge">Replay</span>
        <span className="title">{when}</span>
        <span className="size" title="Columns and rows at this moment">
          {state?.size === undefined ? "" : `${state.size.cols}×${state.size.rows}`}
        </span>
        <button type="button" className="chat-toggle" aria-pressed={chat} onClick={toggleChat} title={`What was said and done (${CHAT_KEYS})`}>
          Chat
        </button>
        <button type="button" aria-pressed={searching} onClick={() => setSearching(!searching)} title="Search in the recording ( / )">
          Search
        </button>
        <button type="button" onClick={() => go(id)} title="Back to the session ( r )">
          {session?.phase === "running" ? "Live" : "Session"}
        </button>
      </header>
      <div className="theatre">
        <div className="stage">
          <div className="frame" ref={frame} />
          {state?.trouble !== undefined ? (
            <p className="banner" role="alert">
              <span>{state.trouble}</span>
            </p>
          ) : (
            state?.waiting === true && (
              <p className="banner calm" role="status">
                Reading the recording …
              </p>
            )
          )}
        </div>
        {searching && player !== undefined && (
          <RecordingSearch id={id} player={player} offset={state?.offset ?? 0} found={found} setFound={setFound} close={() => setSearching(false)} />
        )}
        {chat && (
          <Suspense fallback={<section className="chat" aria-busy="true" />}>
            <SessionChat
              session={session?.id}
              me={me}
              leave={leave}
              moment={session === undefined || state?.size === undefined ? undefined : { session: session.id, offset: state.offset }}
              picked={picked}
              seek={(place) => {
                if (player === undefined || place.session !== session?.id) return false;
                player.seek({ at: place.offset }, true);
                if (isNarrow()) toggleChat();
                return true;
              }}
            />
          </Suspense>
        )}
      </div>
      <div className="player" aria-busy={timeline === undefined}>
        {player !== undefined && timeline !== undefined && state !== undefined ? (
          <>
            <Timeline player={player} timeline={timeline} now={state.now} hits={hits} />
            <Controls player={player} state={state} timeline={timeline} />
          </>
        ) : (
          <p className="hint">Reading the recording …</p>
        )}
      </div>
    </main>
  );
}

function Controls({ player, state, timeline }: { player: Player; state: PlayerState; timeline: api.Timeline }) {
  const { playing, now, speed, idle, offset } = state;
  const cut = timeline.duration - timeline.played;
  return (
    <div className="controls" role="toolbar" aria-label="Player">
      <button type="button" className="play" aria-label={playing ? "Pause" : "Play"} title={playing ? "Pause (Space)" : "Play (Space)"} onClick={() => player.toggle()}>
        <Sign playing={playing} />
      </button>
      <button type="button" className="quiet step" aria-label="One step back" title="One step back ( , )" onClick={() => player.stepBack()}>
        ‹
      </button>
      <button type="button" className="quiet step" aria-label="One step on" title="One step on ( . )" onClick={() => void player.step()}>
        ›
      </button>
      <span className="time">
        {spoken(now, !playing)} <span>/ {spoken(timeline.played)}</span>
      </span>
      <span className="offset" title="Bytes of output up to here">
        @{offset.toLocaleString("en")}
      </span>
      <span className="gap" />
      <label title={cut > 0 ? `${spoken(cut)} of silence are cut` : "No pause is long enough to be cut"}>
        Pauses
        <select aria-label="Cut pauses" value={idle ?? ""} onChange={(event) => void player.cut(event.target.value === "" ? undefined : Number(event.target.value))}>
          {IDLE.map((seconds) => (
            <option key={seconds} value={seconds}>
              {`≤ ${seconds} s`}
            </option>
          ))}
          <option value="">whole</option>
        </select>
      </label>
      <label title="Speed ( < > )">
        Speed
        <select aria-label="Speed" value={speed} onChange={(event) => player.speed(Number(event.target.value))}>
          {SPEEDS.map((speed) => (
            <option key={speed} value={speed}>
              {`${speed}×`}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Sign({ playing }: { playing: boolean }) {
  return (
    <svg viewBox="0 0 16 16" width="14" height="14" fill="currentColor" aria-hidden="true">
      <path d={playing ? "M3 2h4v12H3zM9 2h4v12H9z" : "M4 2l10 6-10 6z"} />
    </svg>
  );
}

/** The offset that the address names. */
function offsetAsked(): number | undefined {
  const at = new URLSearchParams(location.search).get("at");
  return at !== null && /^\d{1,15}$/.test(at) ? Number(at) : undefined;
}
