// A question of a program: what it asks leave for, whole, and what answers it. It takes no key that was not meant for it:
// whoever answers by keys has put the focus on it before.
import { useEffect, useId, useRef, useState, type FocusEvent, type KeyboardEvent, type ReactNode } from "react";
import { age } from "../age";
import type { Approval, Decision } from "../approvals";
import type { Card } from "../asked";
import { field, hunksOf } from "../conversation/diff";
import { Code, Markdown } from "../conversation/markdown";
import { plain } from "../conversation/plain";
import { Diff, Input } from "./chat_tool";
import { Questions, answersOf, questionsOf, type Chosen } from "./questions";

/** A question that takes the place of another under somebody's finger is not answered by that; keys go where the focus was put. */
const FRESH_MS = 350;
/** So near to the end of what is asked is at its end. */
const END_PX = 8;

/** What a yes and a no are called. */
const WORDS: Record<Approval["kind"], { title: string | undefined; yes: string; no: string; why: string }> = {
  permission: { title: undefined, yes: "Allow", no: "Deny", why: "Why not, or what instead" },
  question: { title: "Question", yes: "Answer", no: "Decline", why: "Why not" },
  plan: { title: "Plan", yes: "Approve", no: "Keep planning", why: "What to change" },
};

interface Props {
  card: Card;
  now_ms: number;
  mayAnswer: boolean;
  trouble: string | undefined;
  answer: (decision: Decision) => Promise<boolean>;
  /** Where the focus goes once it is answered from here. */
  done: () => void;
  /** What stands at the end of its head, and of all of it. */
  aside?: ReactNode;
  below?: ReactNode;
}

export function ApprovalCard({ card: { approval, over }, now_ms, mayAnswer, trouble, answer, done, aside, below }: Props) {
  const { kind, tool, input } = approval;
  const words = WORDS[kind];
  const title = words.title ?? plain(tool);
  const [fresh, setFresh] = useState(true);
  const [busy, setBusy] = useState(false);
  const [message, setMessage] = useState("");
  const [chosen, setChosen] = useState<Chosen>({});
  const id = useId();
  const why = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!fresh) return undefined;
    const timer = setTimeout(() => setFresh(false), FRESH_MS);
    return () => clearTimeout(timer);
  }, [fresh]);
  // What comes under the hand because the one before was answered, or is gone, has not been read either.
  const focused = ({ relatedTarget, currentTarget, target }: FocusEvent<HTMLElement>) => {
    const from = relatedTarget instanceof Element ? relatedTarget.closest(".ask") : null;
    if ((from !== null && from !== currentTarget) || (relatedTarget === null && target === currentTarget)) setFresh(true);
  };
  const questions = kind === "question" ? questionsOf(input) : [];
  const answers = answersOf(questions, chosen);
  const ready = !busy && over === undefined;
  const mayAllow = ready && (kind !== "question" || answers !== undefined);

  const send = async (decision: Decision) => {
    setBusy(true);
    if (await answer(decision)) done();
    setBusy(false);
  };
  const allow = () => mayAllow && void send({ behaviour: "allow", ...(answers === undefined ? {} : { answers }) });
  const lasting = kind === "question" ? [] : (approval.always ?? []);
  const deny = () => ready && void send({ behaviour: "deny", ...(message.trim() === "" ? {} : { message: message.trim() }) });
  const key = (event: KeyboardEvent<HTMLElement>) => {
    if (!mayAnswer || fresh || event.altKey || event.metaKey || event.nativeEvent.isComposing) return;
    const typing = event.target instanceof HTMLInputElement && event.target.type === "text";
    if (event.ctrlKey && event.key === "Enter") allow();
    else if (event.ctrlKey || typing || event.repeat) return;
    else if (event.key === "a") allow();
    else if (event.key === "d") why.current?.focus();
    else if (/^[1-9]$/.test(event.key) && questions.length === 1) {
      const option = event.currentTarget.querySelectorAll<HTMLInputElement>("fieldset input:is([type=radio], [type=checkbox])")[Number(event.key) - 1];
      option?.click();
      option?.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const said = over?.words ?? trouble;
  return (
    <section className="ask" data-over={over !== undefined} tabIndex={0} aria-label={`${title}: an answer is wanted`} onKeyDown={key} onFocus={focused}>
      <header>
        <strong>{title}</strong>
        {kind === "permission" && <span className="soft">asks leave</span>}
        {approval.screen === true && <span className="soft" title="The program told of it in no other way: its screen may show less than there is">as its screen shows it</span>}
        {approval.agent !== undefined && <span className="soft">for a sub-agent</span>}
        <time className="soft" title={new Date(approval.since / 1_000).toLocaleString()}>{age(approval.since, now_ms)}</time>
        {aside}
      </header>
      <Body>
        {kind === "plan" ? <Markdown text={String(field(input, "plan") ?? "")} /> : questions.length > 0 ? <Questions questions={questions} notes={approval.notes === true} chosen={chosen} set={setChosen} disabled={!mayAnswer || over !== undefined} /> : <Wanted input={input} />}
        {lasting.map((always, at) => (
          <p className="ask-always" key={always}>
            <button type="button" disabled={!mayAnswer || !ready || fresh} data-fresh={mayAnswer && ready && fresh} aria-describedby={`${id}-${at}`} onClick={() => void send({ behaviour: "allow", always })}>
              Always
            </button>
            <span id={`${id}-${at}`}>{plain(always)}</span>
          </p>
        ))}
      </Body>
      <footer>
        {over !== undefined || !mayAnswer ? (
          <p role={over?.late === true ? "alert" : "status"} data-late={over?.late}>
            {over?.late === true && <strong>Too late, your answer was not taken. </strong>}
            {said === undefined ? "You may look, and not answer." : plain(said)}
          </p>
        ) : (
          <>
            {trouble !== undefined && <p role="alert" data-late="true">{plain(trouble)}</p>}
            <input
              ref={why}
              type="text"
              value={message}
              maxLength={4_000}
              placeholder={words.why}
              aria-label={`${words.no}: ${words.why}`}
              onChange={(event) => setMessage(event.target.value)}
              onKeyDown={(event) => event.key === "Enter" && !event.ctrlKey && !event.nativeEvent.isComposing && deny()}
            />
            <button type="button" disabled={!ready || fresh} data-fresh={fresh} onClick={deny} aria-keyshortcuts="d" title="D goes to the words, Enter sends them">
              {words.no} <kbd aria-hidden="true">D</kbd>
            </button>
            <button type="button" className="main" disabled={!mayAllow || fresh} data-fresh={fresh && mayAllow} onClick={allow} aria-keyshortcuts="a Control+Enter">
              {words.yes} <kbd aria-hidden="true">A</kbd>
            </button>
          </>
        )}
        {below}
      </footer>
    </section>
  );
}

/** What is asked. Where it is longer than its place, that is told: nobody is to allow what he has not seen. */
function Body({ children }: { children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  const [more, setMore] = useState(false);
  const look = () => {
    if (box.current !== null) setMore(box.current.scrollHeight - box.current.scrollTop - box.current.clientHeight > END_PX);
  };
  useEffect(() => {
    const sized = new ResizeObserver(look);
    for (const element of box.current === null ? [] : [box.current, ...box.current.children]) sized.observe(element);
    return () => sized.disconnect();
  }, []);
  return (
    <>
      <div className="ask-body" ref={box} onScroll={look}>
        {children}
      </div>
      {more && (
        <p className="ask-below">
          <button type="button" onClick={() => box.current?.scrollBy({ top: box.current.clientHeight * 0.8, behavior: "smooth" })}>
            More below ↓
          </button>
        </p>
      )}
    </>
  );
}

/** What a tool is to be given: a command as one, an edit as what it changes, anything else by its fields. */
function Wanted({ input }: { input: unknown }) {
  const hunks = hunksOf(input, undefined) ?? written(input);
  const command = field(input, "command");
  if (hunks !== undefined) {
    return (
      <>
        <p className="path">{plain(String(field(input, "file_path") ?? ""))}</p>
        <Diff hunks={hunks} label="What it changes" />
      </>
    );
  }
  if (typeof command !== "string") return <Input input={input} />;
  const about = field(input, "description");
  return (
    <>
      {typeof about === "string" && <p className="soft">{plain(about)}</p>}
      <Code text={plain(command)} />
    </>
  );
}

/** A file that is written whole, as lines that come. */
function written(input: unknown) {
  const content = field(input, "content");
  if (typeof content !== "string" || typeof field(input, "file_path") !== "string") return undefined;
  return [{ old: undefined, new: undefined, lines: content.replace(/\n$/, "").split("\n").map((line) => `+${line}`) }];
}
