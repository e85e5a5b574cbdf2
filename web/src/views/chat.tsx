// A conversation: what it is, what it took, and its lines.
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import * as api from "../api";
import { download, pathOf, type Conversation, type Entry, type From, type Place, type TurnUsage, type Window } from "../conversation/api";
import { brief, titleOf } from "../conversation/plain";
import { rowsOf } from "../conversation/rows";
import { Thread, type ThreadState } from "../conversation/thread";
import { tokens } from "../quantity";
import { ChatList, isOf } from "./chat_list";
import type { RowEvents } from "./chat_row";
import { ByModel, MadeOf } from "./made";
import "../style/chat.css";

const TITLE_MAX = 140;
const SUMMARY_MAX = 160;
/** Where nothing more is to be had for a moment that is played, it is not asked for all the time. */
const ASK_EVERY_MS = 2_000;

interface Props {
  cli: string;
  name: string;
  me: api.Me;
  leave: (why?: string) => void;
  /** The entry to begin at. */
  entry?: string | undefined;
  /** The moment of a recording that is played beside it. */
  moment?: Place | undefined;
  /** A text that was marked in that recording. */
  picked?: string | undefined;
  seek?: (place: Place) => boolean;
  /** What stands before the title, and behind it. */
  back?: ReactNode;
  aside?: ReactNode;
}

export function Chat({ cli, name, me, leave, entry, moment, picked, seek, back, aside }: Props) {
  const [thread, setThread] = useState<Thread>();
  const [state, setState] = useState<ThreadState>();
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [marked, setMarked] = useState<string | undefined>(entry);
  const [goal, setGoal] = useState<{ key: string }>();
  const first = useRef<From>(entry !== undefined ? { around: entry } : moment === undefined ? {} : { at: moment.offset, session: moment.session });

  useEffect(() => {
    const made = new Thread(cli, name, me, setState, api.failing(leave, () => {}));
    setThread(made);
    void made.open(first.current);
    return () => made.close();
  }, [cli, name]);

  const entries = state?.entries ?? NONE;
  const usage = state?.usage ?? NO_USAGE;
  const rows = useMemo(() => rowsOf(entries, open, usage), [entries, open, usage]);
  /** Sets an entry off and goes to it, unfolding what it is in. */
  const show = (wanted: Entry) => {
    setMarked(wanted.id);
    if (wanted.agent !== undefined && !open.has(wanted.agent)) setOpen(new Set([...open, wanted.agent]));
    const shown = rowsOf(entries, wanted.agent === undefined ? open : new Set([...open, wanted.agent]), usage);
    const key = shown.find((row) => isOf(row, wanted.id))?.key;
    if (key !== undefined) setGoal({ key });
  };

  // Once, when it is there.
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current || entries.length === 0) return;
    begun.current = true;
    const wanted = entries.find(({ id }) => id === entry);
    if (wanted !== undefined) show(wanted);
  }, [entries]);

  /** Nothing was said yet at the moment: what comes first is shown, and nothing is set off. */
  const begin = () => {
    setMarked(undefined);
    if (rows[0] !== undefined) setGoal({ key: rows[0].key });
  };
  useFollowing(thread, state, moment, show, begin);
  useEffect(() => {
    if (picked === undefined) return;
    const wanted = nearest(entries, picked, moment);
    if (wanted !== undefined) show(wanted);
  }, [picked]);

  const fold = useCallback((agent: string) => {
    setOpen((open) => {
      const next = new Set(open);
      if (!next.delete(agent)) next.add(agent);
      return next;
    });
  }, []);
  const seeker = useRef(seek);
  seeker.current = seek;
  const events = useMemo<RowEvents>(() => ({ fold, seek: (place) => seeker.current?.(place) ?? false }), [fold]);

  if (thread === undefined || state?.conversation === undefined) {
    return (
      <section className="chat" aria-label="Conversation" aria-busy={state?.trouble === undefined}>
        {back !== undefined && (
          <header className="chat-head">
            <div className="chat-title">
              {back}
              <h2>Conversation</h2>
            </div>
          </header>
        )}
        {state?.trouble !== undefined && (
          <div className="chat-nothing">
            <p role="alert">{state.trouble}</p>
            <button type="button" onClick={() => void thread?.open(first.current)}>
              Try again
            </button>
          </div>
        )}
      </section>
    );
  }
  return (
    <section className="chat" aria-label="Conversation">
      <Head conversation={state.conversation} turns={state.turns} back={back} aside={aside} />
      {state.trouble !== undefined && (
        <p className="trouble" role="status">
          Not up to date: {state.trouble}
        </p>
      )}
      {entry !== undefined && marked === entry && begun.current && !entries.some(({ id }) => id === entry) && (
        <p className="trouble" role="status">
          The entry that the address names is not in this conversation.
        </p>
      )}
      <ChatList thread={thread} state={state} rows={rows} events={events} marked={marked} goal={goal} />
    </section>
  );
}

const NONE: Entry[] = [];
/** Stands for the entry of a moment before all entries. */
const BEFORE = "";
const NO_USAGE: ReadonlyMap<number, TurnUsage> = new Map();

/** Keeps the entry set off that belongs to the moment which is played. */
function useFollowing(thread: Thread | undefined, state: ThreadState | undefined, moment: Place | undefined, show: (entry: Entry) => void, begin: () => void): void {
  const shown = useRef<string>(undefined);
  const asked = useRef<{ found: string | undefined; ms: number }>(undefined);
  useEffect(() => {
    if (thread === undefined || state === undefined || state.loading || moment === undefined) return;
    const placed = state.entries.filter(({ place }) => place?.session === moment.session);
    const found = placed.filter(({ place }) => (place?.offset ?? 0) <= moment.offset).at(-1);
    const is_last = found === undefined || found === placed.at(-1);
    // What belongs to the moment may not be held: then it is fetched.
    if ((found === undefined && state.first > 0) || (is_last && !thread.isAtEnd)) {
      const is_again = asked.current !== undefined && asked.current.found === found?.id && Date.now() - asked.current.ms < ASK_EVERY_MS;
      if (!is_again) {
        asked.current = { found: found?.id, ms: Date.now() };
        void thread.open({ at: moment.offset, session: moment.session });
        return;
      }
    }
    if (placed.length === 0 || (found?.id ?? BEFORE) === shown.current) return;
    shown.current = found?.id ?? BEFORE;
    if (found === undefined) begin();
    else show(found);
  }, [thread, state, moment?.session, moment?.offset]);
}

/** The entry with a text, that which is nearest to the moment. */
function nearest(entries: Entry[], text: string, moment: Place | undefined): Entry | undefined {
  // What a terminal shows is broken into lines, and has no marks of Markdown.
  const wanted = letters(text.split("\n").reduce((longest, line) => (line.trim().length > longest.trim().length ? line : longest), ""));
  if (wanted.length < 3) return undefined;
  const holding = entries.filter((entry) => letters(wordsOf(entry)).includes(wanted));
  const far = ({ place }: Entry) => (place === undefined || moment === undefined ? Number.MAX_SAFE_INTEGER : Math.abs(place.offset - moment.offset));
  return holding.sort((one, other) => far(one) - far(other))[0];
}

const letters = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");

function wordsOf(entry: Entry): string {
  if (entry.kind === "tool_call") return `${entry.name} ${JSON.stringify(entry.input)}`;
  return "text" in entry ? entry.text : "";
}

function Head({ conversation, turns, back, aside }: { conversation: Conversation; turns: number; back: ReactNode; aside: ReactNode }) {
  const { cli, name, title, entry_count, usage, context, made } = conversation;
  return (
    <header className="chat-head">
      <div className="chat-title">
        {back}
        <h2 title={title ?? name}>{titleOf(conversation, TITLE_MAX)}</h2>
        {made?.is_title && <ByModel made={made} />}
        {aside}
      </div>
      <details className="chat-facts">
        <summary>
          <span className="cli">{cli}</span>
          {made?.summary != null && <span className="summary">{brief(made.summary, SUMMARY_MAX)}</span>}
          <span>{turns === 1 ? "1 turn" : `${turns.toLocaleString("en")} turns`}</span>
          {usage.map((of) => (
            <span key={of.model}>
              {of.model}: {tokens(of.input + of.cache_read + of.cache_write + of.cache_write_hour)} in, {tokens(of.output)} out
            </span>
          ))}
          {context !== null && <Full window={context} />}
        </summary>
        <dl>
          <Fact name="Folder" value={conversation.cwd} />
          <Fact name="Branch" value={conversation.branch} />
          <Fact name="Began" value={conversation.started === null ? null : new Date(conversation.started / 1_000).toLocaleString()} />
          <Fact name="Entries" value={entry_count.toLocaleString("en")} />
          <Fact name="Version" value={conversation.version} />
          {usage.map((of) => (
            <Fact
              key={of.model}
              name={of.model}
              value={`${of.requests.toLocaleString("en")} ${of.requests === 1 ? "request" : "requests"}: ${tokens(of.input)} read, ${tokens(of.cache_read)} from the cache, ${tokens(of.cache_write + of.cache_write_hour)} into it, ${tokens(of.output)} written`}
            />
          ))}
          <Fact name="Window" value={context === null ? null : windowOf(context)} />
          <Fact name="Its id" value={name} />
          <Fact name="Once it ended" value={conversation.resume === undefined ? null : `${conversation.resume} takes it up again`} />
        </dl>
        {made !== undefined && <MadeOf made={made} pathOf={(entry) => pathOf(cli, name, entry)} />}
        <p className="buttons">
          <button type="button" className="quiet" onClick={() => download(cli, name, "markdown")}>
            Download Markdown
          </button>
          <button type="button" className="quiet" onClick={() => download(cli, name, "html")}>
            Download page
          </button>
        </p>
      </details>
    </header>
  );
}

/** How full the window is, in a few words and a bar. */
function Full({ window: { used, size, compacted } }: { window: Window }) {
  if (size === null || compacted) return <span>{compacted ? "shortened" : `${tokens(used)} in the window`}</span>;
  return (
    <span className="full">
      <meter min={0} max={size} high={size * 0.8} value={used} aria-label="Window in use" />
      {Math.round((used / size) * 100)}% of {tokens(size)}
    </span>
  );
}

function windowOf({ used, size, left, cache_read, cached_until, compacted }: Window): string {
  const of = size === null || left === null ? "of how many is not known" : `of ${tokens(size)}, ${tokens(left)} left`;
  const cache = cached_until === null ? "nothing in the cache" : `${tokens(cache_read)} came from the cache, which ${cached_until > Date.now() * 1_000 ? "is kept until" : "was kept until"} ${new Date(cached_until / 1_000).toLocaleTimeString()}`;
  return `${tokens(used)} tokens ${of}; ${cache}${compacted ? "; shortened since" : ""}`;
}

function Fact({ name, value }: { name: string; value: string | null }) {
  if (value === null) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
