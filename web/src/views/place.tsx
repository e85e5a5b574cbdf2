// The frame of a view beside the sessions: its head, and what scrolls below it.
import type { ReactNode } from "react";
import { goTo } from "../route";

export function PlaceFrame({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <main className="session place" aria-label={title}>
      <header>
        <button type="button" className="quiet back" aria-label="To the sessions" onClick={() => goTo("/")}>
          ←
        </button>
        <h2>{title}</h2>
        <span className="title">{aside}</span>
      </header>
      {/* Who has no mouse scrolls it by its keys. */}
      <div className="scroll" tabIndex={0} role="region" aria-label={`${title}, scrollable`}>
        {children}
      </div>
    </main>
  );
}

/** Something that is asked for and was not answered. */
export function Failure({ why, again }: { why: string; again: () => void }) {
  return (
    <p className="trouble" role="alert">
      {why}
      <button type="button" className="quiet" onClick={again}>
        Try again
      </button>
    </p>
  );
}
