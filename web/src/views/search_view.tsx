// Searches what was said and done, in all conversations. The address holds the question, so that it can be kept and sent.
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { age } from "../age";
import * as api from "../api";
import { conversations, pathOf, replayOf, search, type Answer, type Hit, type Wanted } from "../conversation/api";
import { plain, said, titleOf } from "../conversation/plain";
import { goTo, linkTo, useWholeAddress } from "../route";
import { Choice } from "./choice";
import { MentionedView } from "./mentioned_view";
import { Failure, PlaceFrame } from "./place";

const HITS_MAX = 100;
/** After the last letter. */
const ASK_AFTER_MS = 200;
const LETTERS_MIN = 2;
const QUERY_MAX = 500;
/** Conversations whose CLIs and folders are offered. */
const OFFERED_FROM = 1_000;
const TITLE_MAX = 80;
const HOUR_US = 3_600_000_000;

const ROLES = [["user", "You"], ["assistant", "The model"], ["tool", "A tool"], ["system", "The CLI"]] as const;
const KINDS = [["message", "Messages"], ["thinking", "Thinking"], ["tool_call", "Tool calls"], ["tool_result", "Results"], ["compaction", "Compactions"], ["failure", "Failures"], ["notice", "Notices"], ["summary", "Summaries by a model"]] as const;
const TIMES = [["24", "The last day"], ["168", "The last week"], ["720", "The last month"], ["8760", "The last year"]] as const;
const MODES = [["words", "By words"], ["meaning", "By meaning"]] as const;
const FILTERS = ["cli", "folder", "role", "kind", "tool", "file", "command"] as const;
/** What is typed: by which name, what it is called, and an example. */
const TYPED = [["tool", "Tool", "Tool, such as Bash"], ["file", "File", "File, such as src/main.rs"], ["command", "Command", "Command, such as cargo test"]] as const;

export default function SearchView({ leave }: { leave: (why?: string) => void }) {
  const asked = new URL(useWholeAddress(), location.origin).searchParams;
  const [kind, value] = [asked.get("mention"), asked.get("value")];
  return kind !== null && value !== null ? <MentionedView kind={kind} value={value} leave={leave} /> : <Searching leave={leave} />;
}

function Searching({ leave }: { leave: (why?: string) => void }) {
  const asked = new URL(useWholeAddress(), location.origin).searchParams;
  const [question, setQuestion] = useState(() => Object.fromEntries(asked));
  const [answer, setAnswer] = useState<Answer>();
  const [trouble, setTrouble] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [offered, setOffered] = useState<{ clis: string[]; folders: string[] }>({ clis: [], folders: [] });
  const [again, setAgain] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const q = (question["q"] ?? "").trim();
  const key = JSON.stringify(question);

  // Another address, of whoever went back or chose the palette's, is another question.
  const address = asked.toString();
  const written = useRef(address);
  useEffect(() => {
    if (address !== written.current) setQuestion(Object.fromEntries(asked));
    written.current = address;
  }, [address]);
  useEffect(() => {
    conversations(OFFERED_FROM).then(
      (list) => setOffered({ clis: unique(list.map(({ cli }) => cli)), folders: unique(list.flatMap(({ cwd }) => cwd ?? [])) }),
      // The boxes offer less then; what is asked for tells what is wrong.
      () => {},
    );
  }, []);
  useEffect(() => {
    const fields = new URLSearchParams(Object.entries(question).filter(([, value]) => value !== ""));
    written.current = fields.toString();
    history.replaceState(null, "", `${location.pathname}${fields.size === 0 ? "" : `?${fields}`}`);
    if (q.length < LETTERS_MIN) {
      setAnswer(undefined);
      setTrouble(undefined);
      return;
    }
    let over = false;
    const timer = window.setTimeout(async () => {
      setBusy(true);
      try {
        const found = await search(q, wanted(question));
        if (over) return;
        setAnswer(found);
        setTrouble(undefined);
      } catch (failure) {
        if (!over) api.failing(leave, setTrouble)(failure);
      }
      if (!over) setBusy(false);
    }, ASK_AFTER_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [key, again]);

  const set = (name: string) => (value: string) => setQuestion((question) => ({ ...question, [name]: value }));
  const value = (name: string) => question[name] ?? "";
  const filtered = [...FILTERS, "within"].some((name) => value(name) !== "");
  return (
    <PlaceFrame title="Search">
      <div className="searching" onKeyDown={(event) => move(event, input.current)}>
        <div className="filters" role="search" aria-label="Conversations">
          <input
            ref={input}
            type="search"
            autoFocus
            aria-label="Words that were said"
            placeholder={'Words, "words in this order", begin*, -not'}
            value={value("q")}
            maxLength={QUERY_MAX}
            spellCheck={false}
            enterKeyHint="search"
            onChange={(event) => set("q")(event.target.value)}
          />
          <Choice label="CLI" any="Every CLI" value={value("cli")} values={offered.clis} set={set("cli")} />
          <Choice label="Folder" any="Every folder" value={value("folder")} values={offered.folders} set={set("folder")} />
          <Choice label="Who" any="Everybody" value={value("role")} values={ROLES} set={set("role")} />
          <Choice label="What" any="Everything" value={value("kind")} values={KINDS} set={set("kind")} />
          {TYPED.map(([name, label, example]) => (
            <input key={name} aria-label={label} placeholder={example} value={value(name)} spellCheck={false} onChange={(event) => set(name)(event.target.value)} />
          ))}
          <Choice label="How" any="In any way" title="By words, and by meaning as well where a model for it is installed" value={value("mode")} values={MODES} set={set("mode")} />
          <Choice label="When" any="At any time" value={value("within")} values={TIMES} set={set("within")} />
        </div>
        {trouble !== undefined && <Failure why={trouble} again={() => setAgain(again + 1)} />}
        <p className="hint" role="status">
          {trouble === undefined && told(answer, busy, q, filtered)}
        </p>
        <ol className="found" aria-label="Hits">
          {trouble === undefined && answer?.hits.map((hit) => <Found key={`${hit.cli} ${hit.entry} ${hit.kind}`} hit={hit} />)}
        </ol>
      </div>
    </PlaceFrame>
  );
}

const unique = (values: string[]) => [...new Set(values)].sort();

function wanted(question: Record<string, string>): Wanted {
  const wanted: Wanted = { limit: HITS_MAX };
  for (const name of [...FILTERS, "mode"] as const) if (question[name]) wanted[name] = question[name];
  const hours = Number(question["within"]);
  if (hours > 0) wanted.since = Math.round(Date.now() * 1_000 - hours * HOUR_US);
  return wanted;
}

function told(answer: Answer | undefined, busy: boolean, q: string, filtered: boolean): ReactNode {
  if (q.length < LETTERS_MIN) return "What was said, thought, called and answered, in all conversations that are kept.";
  if (answer === undefined) return busy ? "Searching …" : "";
  const { hits, mode, note } = answer;
  if (hits.length === 0) {
    const tip = filtered ? "Fewer filters find more." : mode === "words" ? "All words must be in one entry; begin* finds words that begin so." : "";
    return ["Nothing was found.", tip, note && sentence(note)].filter(Boolean).join(" ");
  }
  const only_meant = hits.every(({ found_by }) => found_by === "meaning");
  const count = mode === "both" && only_meant ? "No entry has these words; these may mean the same" : hits.length === 1 ? "1 hit" : hits.length === HITS_MAX ? `The best ${HITS_MAX} hits` : `${hits.length} hits`;
  return (
    <>
      {count}
      <span className="keys-of">
        . <kbd>↓</kbd> <kbd>↑</kbd> move, <kbd>Enter</kbd> opens, <kbd>r</kbd> plays the recording
      </span>
      {note !== undefined && <>. {sentence(note)}</>}
    </>
  );
}

const sentence = (note: string) => `${note[0]?.toUpperCase()}${note.slice(1).replaceAll("`", "")}.`;

const KIND_NAMES: Record<string, string> = { message: "", thinking: "thinking", tool_call: "call", tool_result: "result" };
const ROLE_NAMES: Record<string, string> = { user: "You", assistant: "Model", tool: "Tool", system: "CLI" };
/** What a background job made of a conversation, which nobody said in it. */
const MADE_NAMES: Record<string, string> = { summary: "Summary", decision: "Decided", todo: "To do" };

export function Found({ hit }: { hit: Hit }) {
  const { cli, conversation, entry, title, cwd, time, role, kind, snippet, place, found_by } = hit;
  const play = (event: KeyboardEvent) => {
    if (event.key !== "r" || event.ctrlKey || event.metaKey || event.altKey || place === null) return;
    event.preventDefault();
    goTo(replayOf(place));
  };
  return (
    <li className="hit-of">
      <a className="card-of" {...linkTo(pathOf(cli, conversation, entry))} aria-keyshortcuts={place === null ? undefined : "r"} onKeyDown={play}>
        <span className="snippet">
          <span className="who">{role === "model" ? `${MADE_NAMES[kind] ?? kind} by a model` : [ROLE_NAMES[role] ?? role, KIND_NAMES[kind] ?? kind].filter((word) => word !== "").join(", ")}</span> {marked(role === "user" ? said(snippet) : snippet)}
        </span>
        <span className="card-facts">
          <span className="cli">{cli}</span>
          <span className="folder" title={cwd ?? undefined}>
            {titleOf({ title, name: conversation }, TITLE_MAX)}
          </span>
          {found_by === "meaning" && <span className="by">by meaning</span>}
          <time title={new Date(time / 1_000).toLocaleString()}>{age(time, Date.now())}</time>
        </span>
      </a>
      {place !== null && (
        <a className="play-of" {...linkTo(replayOf(place))} title="Play the recording from here ( r )" aria-label="Play the recording from here">
          <svg viewBox="0 0 10 10" aria-hidden="true">
            <path d="M2 1l7 4-7 4z" />
          </svg>
        </a>
      )}
    </li>
  );
}

/** A snippet with the words in it set off that stand between U+0002 and U+0003. */
function marked(snippet: string): ReactNode[] {
  return snippet.split("\u0002").map((part, at) => {
    const [hit, rest] = at === 0 ? [undefined, part] : part.split("\u0003", 2);
    return (
      <span key={at}>
        {hit !== undefined && <mark>{plain(hit)}</mark>}
        {plain(rest ?? "")}
      </span>
    );
  });
}

/** Up and down go from hit to hit, and from the first back to the words. */
function move(event: KeyboardEvent<HTMLElement>, input: HTMLElement | null): void {
  if (event.target instanceof HTMLSelectElement || !(event.key === "ArrowDown" || event.key === "ArrowUp" || (event.key === "Enter" && event.target === input))) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>("a.card-of")];
  const at = links.indexOf(document.activeElement as HTMLElement);
  if (event.key === "Enter") return links[0]?.click();
  const next = event.key === "ArrowDown" ? links[Math.min(at + 1, links.length - 1)] : at <= 0 ? input : links[at - 1];
  if (next === undefined || next === null) return;
  event.preventDefault();
  next.focus();
}
