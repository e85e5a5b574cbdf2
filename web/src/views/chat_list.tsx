// The lines of a conversation. Only some hundred around what is seen are in the page; it grows and shrinks at both ends as
// somebody scrolls, and what is seen stays where it is. At the end it stays at the end.
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { entryOf, type Row } from "../conversation/rows";
import type { Thread, ThreadState } from "../conversation/thread";
import { ChatRow, type RowEvents } from "./chat_row";

/** Lines in the page at each side of the one that is looked at. */
const HALF = 100;
/** So near to an edge more is fetched, in heights of the window. */
const NEAR = 1.5;
/** So near to the end is at the end. */
const END_PX = 48;

interface Props {
  thread: Thread;
  state: ThreadState;
  rows: Row[];
  events: RowEvents;
  /** The entry that is set off. */
  marked: string | undefined;
  /** The line to go to, whenever it is another object. */
  goal: { key: string } | undefined;
}

export function ChatList({ thread, state, rows, events, marked, goal }: Props) {
  const box = useRef<HTMLDivElement>(null);
  /** The line around which the page has others; undefined is the end. */
  const [centre, setCentre] = useState<string>();
  const stuck = useRef(goal === undefined);
  const [away, setAway] = useState(false);
  const wanted = useRef<string>(undefined);
  /** The first line that is seen, and where it was in the page. */
  const anchor = useRef<{ key: string; top: number }>(undefined);

  const found = centre === undefined ? -1 : rows.findIndex(({ key }) => key === centre);
  const middle = found < 0 ? rows.length : found;
  const begin = Math.max(0, Math.min(middle, rows.length - HALF) - HALF);
  const end = Math.min(rows.length, Math.max(middle + HALF, begin + 2 * HALF));
  const shown = rows.slice(begin, end);

  const look = useCallback(() => {
    const element = box.current;
    if (element === null) return;
    const { scrollTop, scrollHeight, clientHeight } = element;
    const first = firstSeen(element);
    anchor.current = first && { key: first.dataset["key"] ?? "", top: first.offsetTop };
    const above = scrollTop < NEAR * clientHeight;
    const below = scrollHeight - scrollTop - clientHeight < NEAR * clientHeight;
    stuck.current = thread.isAtEnd && end === rows.length && scrollHeight - scrollTop - clientHeight < END_PX;
    setAway(!stuck.current);
    if ((above && begin > 0) || (below && end < rows.length)) setCentre(anchor.current?.key);
    else if (stuck.current) setCentre(undefined);
    if (above && begin === 0) void thread.earlier();
    if (below && end === rows.length) void thread.later();
  }, [thread, rows, begin, end]);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    if (wanted.current !== undefined) {
      const line = lineOf(element, wanted.current);
      if (line !== undefined) {
        wanted.current = undefined;
        element.scrollTop = line.offsetTop - Math.max(0, (element.clientHeight - line.offsetHeight) / 2);
      }
    } else if (stuck.current) element.scrollTop = element.scrollHeight;
    else if (anchor.current !== undefined) {
      const line = lineOf(element, anchor.current.key);
      if (line !== undefined) element.scrollTop += line.offsetTop - anchor.current.top;
    }
    look();
  }, [rows, begin, end]);

  useLayoutEffect(() => {
    if (goal === undefined) return;
    stuck.current = false;
    wanted.current = goal.key;
    const element = box.current;
    const line = element === null ? undefined : lineOf(element, goal.key);
    if (element === null || line === undefined) return setCentre(goal.key);
    wanted.current = undefined;
    const { offsetTop, offsetHeight } = line;
    const is_seen = offsetTop >= element.scrollTop && offsetTop + offsetHeight <= element.scrollTop + element.clientHeight;
    if (!is_seen) element.scrollTop = offsetTop - Math.max(0, (element.clientHeight - offsetHeight) / 2);
  }, [goal]);

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const sized = new ResizeObserver(() => {
      if (stuck.current) element.scrollTop = element.scrollHeight;
    });
    sized.observe(element);
    return () => sized.disconnect();
  }, []);

  const toEnd = async () => {
    if (!thread.isAtEnd) await thread.open();
    stuck.current = true;
    setCentre(undefined);
    setAway(false);
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  };
  return (
    <div className="lines-of">
      {/* Who has no mouse scrolls it by its keys. */}
      <div ref={box} className="lines" role="log" aria-label="Conversation" aria-busy={state.loading} tabIndex={0} onScroll={look}>
        {begin === 0 && state.first > 0 && <p className="hint edge">{state.first.toLocaleString("en")} earlier entries …</p>}
        {shown.map((row) => (
          <ChatRow key={row.key} row={row} marked={marked !== undefined && isOf(row, marked)} events={events} />
        ))}
        {end === rows.length && !thread.isAtEnd && <p className="hint edge">later entries …</p>}
      </div>
      {away && (
        <button type="button" className="to-end" onClick={() => void toEnd()}>
          To the end ↓
        </button>
      )}
    </div>
  );
}

/** Whether an entry is shown by a line. */
export function isOf(row: Row, entry: string): boolean {
  return row.is === "tool" ? row.call?.id === entry || row.result?.id === entry : entryOf(row)?.id === entry;
}

const lines = (box: HTMLElement) => [...box.children].filter((child): child is HTMLElement => child instanceof HTMLElement && child.dataset["key"] !== undefined);
const lineOf = (box: HTMLElement, key: string) => lines(box).find((line) => line.dataset["key"] === key);
const firstSeen = (box: HTMLElement) => lines(box).find((line) => line.offsetTop + line.offsetHeight > box.scrollTop);
