// Every session by what it needs: first those that need somebody, the one that has waited longest for an answer at the top, answered in place.
import { useEffect, useRef, type RefObject } from "react";
import { age } from "../age";
import * as api from "../api";
import { useAsked } from "../asked";
import { brief, plain } from "../conversation/plain";
import { needOf, wordOf, type Need } from "../need";
import type { Notifying } from "../notify";
import { linkTo } from "../route";
import type { Sessions } from "../sessions";
import { folderOf, line } from "../words";
import { ApprovalCard } from "./approval";
import { PlaceFrame } from "./place";
import { State } from "./state";
import "../style/chat.css";
import "../style/needs.css";

/** What needed somebody stays where it is for this time, so that nothing jumps away under a hand. */
const STAYS_MS = 7_000;
/** Ended sessions are shown for this time, and so many at most. */
const ENDED_WITHIN_US = 24 * 3_600 * 1_000_000;
const ENDED_MAX = 12;
const REASON_MAX = 160;

const WAITING = "Needs you";
type Group = typeof WAITING | "Finished" | "At work" | "Quiet" | "Ended";
const GROUPS: Group[] = [WAITING, "Finished", "At work", "Quiet", "Ended"];
const GROUP_OF: Record<Need["state"], Group> = { blocked: WAITING, limit: WAITING, error: WAITING, done: "Finished", working: "At work", starting: "At work", idle: "Quiet", running: "Quiet", ended: "Ended" };
/** Whoever has a mouse has keys as well; a finger has none. */
const HAS_KEYS = "(pointer: fine)";
/** What can be answered here. */
const QUESTION = ".needs .ask[data-over=false]";
/** What a session waits for, in words. */
const WAITS: Record<NonNullable<Need["on"]>, string> = { permission: "leave", question: "an answer", plan: "a word on its plan" };

interface Props {
  me: api.Me;
  sessions: Sessions;
  notifying: Notifying;
  leave: (why?: string) => void;
}

export default function NeedsView({ me, sessions: { list, now_ms }, notifying, leave }: Props) {
  const board = useRef<HTMLDivElement>(null);
  useKeys(board);
  const needed = useRef(new Map<string, number>());
  const rows = (list ?? []).map((session) => {
    const need = needOf(session);
    if (session.needs_you) needed.current.set(session.id, now_ms);
    const stays = now_ms - (needed.current.get(session.id) ?? -Infinity) < STAYS_MS;
    return { session, need, group: session.needs_you || stays ? WAITING : GROUP_OF[need.state] };
  });
  const groups = GROUPS.map((group) => {
    const of = rows.filter((row) => row.group === group);
    if (group === WAITING) of.sort((one, other) => Number(other.need.state === "blocked") - Number(one.need.state === "blocked") || (one.need.since ?? Infinity) - (other.need.since ?? Infinity) || one.session.created - other.session.created);
    return { group, of: group === "Ended" ? of.filter(({ session, need }) => now_ms * 1_000 - (need.since ?? session.created) < ENDED_WITHIN_US).slice(0, ENDED_MAX) : of };
  }).filter(({ of }) => of.length > 0);
  const waiting = rows.filter(({ session }) => session.needs_you).length;
  return (
    <PlaceFrame title="Needs you" aside={list === undefined ? "" : waiting === 0 ? "nothing needs you" : waiting === 1 ? "one session needs you" : `${waiting} sessions need you`}>
      <div className="needs" ref={board} aria-busy={list === undefined}>
        <Notify notifying={notifying} />
        {list !== undefined && groups[0]?.group !== WAITING && (
          <p className="calm">
            Nothing needs you. <span className="soft">What a program asks appears here by itself.</span>
          </p>
        )}
        {/* In one list, so that a session that changes its group keeps what is typed into it. Who was answered just now stays, and is not counted. */}
        {groups.flatMap(({ group, of }) => [
          <h3 key={group}>
            {group !== WAITING || waiting > 0 ? group : "Needed you"} <span>{group !== WAITING ? of.length : waiting > 0 && waiting}</span>
          </h3>,
          ...of.map(({ session, need }) => <Row key={session.id} session={session} need={need} me={me} now_ms={now_ms} leave={leave} />),
        ])}
      </div>
    </PlaceFrame>
  );
}

function Row({ session, need, me, now_ms, leave }: { session: api.Session; need: Need; me: api.Me; now_ms: number; leave: Props["leave"] }) {
  const { cards, trouble, answer } = useAsked(session.id, (session.approvals ?? []).map(({ id }) => id).join(), leave);
  const row = useRef<HTMLElement>(null);
  useEffect(() => focusFirst(row.current?.closest<HTMLElement>(".scroll")), [cards.length]);
  const word = wordOf(session);
  // What is shown whole below need not be told.
  const told = cards.length > 0 ? "" : need.reason === word ? "" : brief(need.reason, REASON_MAX);
  // The next question, the one that waits longest, or nothing: what is typed next must not open anything.
  const done = (at: number) => {
    // That this one is over is not painted yet.
    const own = row.current?.querySelectorAll(".ask")[at];
    const all = [...document.querySelectorAll<HTMLElement>(QUESTION)].filter((ask) => ask !== own);
    const below = all.find((ask) => own !== undefined && (own.compareDocumentPosition(ask) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0);
    (below ?? all[0] ?? row.current?.closest<HTMLElement>(".scroll"))?.focus({ preventScroll: below === undefined && all[0] === undefined });
  };
  return (
    <article className="need" data-state={need.state} aria-label={session.name} ref={row}>
      <a {...linkTo(`/s/${session.id}`)} className="need-of">
        <span className="need-who">
          <span className="name">{session.name}</span>
          <span className="folder" title={session.cwd}>
            {folderOf(session.cwd)}
          </span>
        </span>
        <State word={word} />
        <span className="need-what">
          {need.on !== undefined && <span>waits for {WAITS[need.on]}</span>} {told !== "" ? <span className="soft">{plain(told)}</span> : need.on === undefined && <code className="soft">{line(session.command)}</code>}
        </span>
        {need.since !== undefined && <time title={new Date(need.since / 1_000).toLocaleString()}>{age(need.since, now_ms)}</time>}
      </a>
      {cards.map((card, at) => (
        <ApprovalCard key={card.approval.id} card={card} now_ms={now_ms} mayAnswer={me.role !== "view"} trouble={trouble} answer={(decision) => answer(card.approval.id, decision)} done={() => done(at)} />
      ))}
    </article>
  );
}

function Notify({ notifying: { state, toggle } }: { notifying: Notifying }) {
  if (state === "unable") return null;
  if (state === "denied") return <p className="hint notify">This browser lets no notifications through; its settings for this site do.</p>;
  return (
    <p className="notify">
      <button type="button" aria-pressed={state === "on"} onClick={() => void toggle()} title="When a session waits for you or is done while this tab is not seen">
        {state === "on" ? "Notifications are on" : "Notify me"}
      </button>
    </p>
  );
}

function useKeys(board: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    // From the link that led here, so that keys are for what is shown.
    if (document.activeElement?.closest("nav") != null && matchMedia(HAS_KEYS).matches) board.current?.closest<HTMLElement>(".scroll")?.focus({ preventScroll: true });
    const pressed = (event: KeyboardEvent) => board.current !== null && move(event, board.current);
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

/** The first question has the focus as long as nothing else has, so that its keys answer it. */
function focusFirst(place: HTMLElement | null | undefined): void {
  const is_free = document.activeElement === document.body || document.activeElement === place;
  if (is_free && matchMedia(HAS_KEYS).matches) place?.querySelector<HTMLElement>(QUESTION)?.focus();
}

const STEPS: Record<string, number> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

/** Up and down go from question to question; past the last of them, and where there is none, to the lines of the sessions that have none. */
function move(event: KeyboardEvent, board: HTMLElement): void {
  const { target, key } = event;
  const step = STEPS[key];
  if (step === undefined || event.ctrlKey || event.metaKey || event.altKey || !(target instanceof HTMLElement) || document.querySelector("dialog[open]") !== null) return;
  // A line that is written takes letters, a choice takes arrows, and so does the list of sessions.
  if (target.matches("input[type=text], input:not([type]), textarea, select") || (key.length > 1 && target.closest("input, nav") !== null)) return;
  const lines = [...board.querySelectorAll<HTMLElement>(".need-of")].filter((line) => line.parentElement?.querySelector(QUESTION) === null);
  const all = [...board.querySelectorAll<HTMLElement>(QUESTION), ...lines];
  const now = document.activeElement;
  const at = all.findIndex((one) => one === now || (one.classList.contains("ask") && one.contains(now)));
  // From the line of a session that asks, which Tab reaches, the first stop is its own question.
  const own = at < 0 ? now?.closest(".need")?.querySelector<HTMLElement>(QUESTION) : undefined;
  const next = own ?? all[Math.max(0, Math.min(all.length - 1, at + step))];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
