// What the program of a session asks leave for, over its terminal: one question at a time. It moves nothing, takes no focus
// by itself, and can be put aside to see what is below it.
import { useEffect, useRef, useState } from "react";
import type * as api from "../api";
import { useAsked } from "../asked";
import { ApprovalCard } from "./approval";
import "../style/chat.css";
import "../style/needs.css";

const KEYS = "Ctrl+Shift+Enter";

interface Props {
  session: api.Session;
  /** Another number whenever a question came or was answered. */
  questions: number;
  me: api.Me;
  now_ms: number;
  leave: (why?: string) => void;
  /** Gives the focus back to the terminal. */
  done: () => void;
}

export default function SessionApprovals({ session, questions, me, now_ms, leave, done }: Props) {
  const ids = (session.approvals ?? []).map(({ id }) => id).join();
  const { cards, trouble, answer } = useAsked(session.id, `${questions} ${ids}`, leave);
  const [aside, setAside] = useState(false);
  const [chosen, setChosen] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const at = Math.max(0, Math.min(chosen, cards.length - 1));
  const card = cards[at];
  const waiting = cards.filter(({ over }) => over === undefined).length;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== "Enter" || !event.ctrlKey || !event.shiftKey || event.altKey || card === undefined || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      event.stopPropagation();
      setAside(false);
      requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(".ask")?.focus());
    };
    // Before the terminal, which would take it for itself.
    addEventListener("keydown", pressed, { capture: true });
    return () => removeEventListener("keydown", pressed, { capture: true });
  });
  if (card === undefined) return null;
  if (aside) {
    return (
      <button type="button" className="asks-aside" onClick={() => setAside(false)} title={`Show what it asks (${KEYS})`}>
        {waiting === 1 ? "1 question" : `${waiting} questions`}
      </button>
    );
  }
  const tools = (
    <span className="ask-tools">
      {cards.length > 1 && (
        <>
          <button type="button" className="quiet" aria-label="The one before" disabled={at === 0} onClick={() => setChosen(at - 1)}>
            ‹
          </button>
          <span className="soft">
            {at + 1} of {cards.length}
          </span>
          <button type="button" className="quiet" aria-label="The next one" disabled={at === cards.length - 1} onClick={() => setChosen(at + 1)}>
            ›
          </button>
        </>
      )}
      <button type="button" className="quiet" aria-label="Put it aside" title="Put it aside: it waits on" onClick={() => (setAside(true), done())}>
        –
      </button>
    </span>
  );
  const keys = (
    <p className="soft asks-keys">
      <kbd>{KEYS}</kbd> gets here, <kbd>Esc</kbd> back to the terminal
    </p>
  );
  return (
    <div className="asks" ref={box} onKeyDown={(event) => event.key === "Escape" && done()}>
      <p className="unseen" role="status">
        {waiting > 0 && `A question waits: ${KEYS} goes there`}
      </p>
      <ApprovalCard key={card.approval.id} card={card} now_ms={now_ms} mayAnswer={me.role !== "view"} trouble={trouble} answer={(decision) => answer(card.approval.id, decision)} done={done} aside={tools} below={keys} />
    </div>
  );
}
