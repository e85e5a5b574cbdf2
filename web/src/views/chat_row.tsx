// One line of a conversation, of whatever kind.
import { memo, type ReactNode } from "react";
import { replayOf, type Entry, type Place } from "../conversation/api";
import { Code, Markdown } from "../conversation/markdown";
import { brief, plain, said } from "../conversation/plain";
import { entryOf, type Row } from "../conversation/rows";
import { tokens } from "../quantity";
import { goTo } from "../route";
import { ToolCall } from "./chat_tool";

const BRIEF_MAX = 120;
/** Pictures that a browser shows and that are nothing but pictures. */
const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

export interface RowEvents {
  /** Shows a place of a recording where it is played already; false if it is not. */
  seek: (place: Place) => boolean;
  fold: (agent: string) => void;
}

interface Props {
  row: Row;
  marked: boolean;
  events: RowEvents;
}

export const ChatRow = memo(function ChatRow({ row, marked, events }: Props) {
  const entry = entryOf(row);
  return (
    <div className="line" data-key={row.key} data-is={row.is} data-depth={row.depth} data-role={entry?.role} data-kind={entry?.kind} aria-current={marked ? "true" : undefined}>
      {inside(row, events)}
      {entry !== undefined && <When entry={entry} seek={events.seek} />}
    </div>
  );
}, isSame);

/** Lines are made anew at each change, entries are not. */
function isSame(one: Props, other: Props): boolean {
  if (one.marked !== other.marked || one.events !== other.events || one.row.is !== other.row.is || one.row.key !== other.row.key) return false;
  if (one.row.is === "turn" && other.row.is === "turn") return one.row.usage?.input === other.row.usage?.input && one.row.usage?.output === other.row.usage?.output;
  if (one.row.is === "agent" && other.row.is === "agent") return one.row.count === other.row.count && one.row.task === other.row.task && one.row.open === other.row.open;
  if (one.row.is === "tool" && other.row.is === "tool") return one.row.call === other.row.call && one.row.result === other.row.result;
  return entryOf(one.row) === entryOf(other.row);
}

function inside(row: Row, events: RowEvents): ReactNode {
  switch (row.is) {
    case "turn":
      return (
        <h3 className="turn">
          {row.turn === 0 ? "Before the first turn" : `Turn ${row.turn}`}
          {row.usage !== undefined && <span title="Tokens that the model read and wrote in this turn">{`${tokens(row.usage.input)} in, ${tokens(row.usage.output)} out`}</span>}
        </h3>
      );
    case "agent":
      return (
        <button type="button" className="agent" aria-expanded={row.open} onClick={() => events.fold(row.agent)}>
          Sub-agent <span className="tool-brief">{plain(row.task) || row.agent.slice(0, 8)}</span> <span>{row.count === 1 ? "1 entry" : `${row.count} entries`}</span>
        </button>
      );
    case "tool":
      return <ToolCall call={row.call} result={row.result} />;
    case "entry":
      return <Said entry={row.entry} />;
  }
}

function Said({ entry }: { entry: Extract<Row, { is: "entry" }>["entry"] }) {
  switch (entry.kind) {
    case "message":
      return (
        <>
          <p className="who">{who(entry)}</p>
          {/* What somebody typed is shown as he typed it: indented code is no code of Markdown's. A model writes Markdown, to its sub-agents as well. */}
          {entry.role === "user" && entry.agent === undefined ? <p className="typed">{plain(said(entry.text))}</p> : <Markdown text={entry.text} />}
        </>
      );
    case "thinking":
      if (entry.text === "") return <p className="aside">Thought; the CLI keeps only a seal of it</p>;
      return (
        <Folded what="Thinking" says={entry.text}>
          <Markdown text={entry.text} />
        </Folded>
      );
    case "image":
      return <Picture media_type={entry.media_type} data={entry.data} />;
    case "compaction":
      return (
        <Folded what="Compacted" says="the model knows what came before by this summary">
          {entry.text === "" ? <p className="hint">The CLI does not keep the summary.</p> : <Markdown text={entry.text} />}
        </Folded>
      );
    case "failure":
      return (
        <p className="failure">
          <strong>{entry.status === undefined ? "Failed" : `Failed (${entry.status})`}</strong> {plain(entry.text)}
        </p>
      );
    case "notice":
      if (entry.name === "interrupted") return <p className="interrupted">Interrupted by the user</p>;
      return <Notice name={entry.name} text={entry.text} />;
    case "unknown":
      return (
        <Folded what={`Record of an unknown kind: ${entry.name}`} says="">
          <Code text={plain(JSON.stringify(entry.record, null, 2))} />
        </Folded>
      );
  }
}

function who({ role, agent, model }: Entry): string {
  if (role === "user") return agent === undefined ? "You" : "Its task";
  return role === "assistant" ? (model ?? "Assistant") : role;
}

/** Something beside the conversation; its marks, `<command-name>` and their like, are the CLI's own. */
function Notice({ name, text }: { name: string; text: string }) {
  const words = plain(text.replace(/<\/?[a-z-]+>/g, " ")).trim();
  if (words.length <= BRIEF_MAX && !words.includes("\n")) {
    return (
      <p className="aside">
        <span className="tool-name">{name}</span> {words}
      </p>
    );
  }
  return (
    <Folded what={name} says={words}>
      <Code text={words} />
    </Folded>
  );
}

function Folded({ what, says, children }: { what: string; says: string; children: ReactNode }) {
  return (
    <details className="tool">
      <summary>
        <span className="tool-name">{what}</span>
        <span className="tool-brief">{brief(says, BRIEF_MAX)}</span>
      </summary>
      <div className="inside">{children}</div>
    </details>
  );
}

function Picture({ media_type, data }: { media_type: string; data: string | undefined }) {
  if (data === undefined || !PICTURES.includes(media_type)) return <p className="aside">A picture ({media_type}) that is not kept</p>;
  return <img src={`data:${media_type};base64,${data}`} alt={`Picture (${media_type})`} />;
}

/** When it was, which leads to where it stands in the recording. */
function When({ entry: { time, place }, seek }: { entry: Entry; seek: RowEvents["seek"] }) {
  const date = new Date(time / 1_000);
  const shown = date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  const whole = date.toLocaleString();
  if (place === undefined) {
    return (
      <time className="when" title={whole} dateTime={date.toISOString()}>
        {shown}
      </time>
    );
  }
  return (
    <a
      className="when"
      href={replayOf(place)}
      title={`${whole}: play the recording from here`}
      aria-label={`${shown}, play the recording from here`}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        if (!seek(place)) goTo(replayOf(place));
      }}
    >
      {shown}
      <svg viewBox="0 0 10 10" aria-hidden="true">
        <path d="M2 1l7 4-7 4z" />
      </svg>
    </a>
  );
}
