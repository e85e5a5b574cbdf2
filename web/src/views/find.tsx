// Finds a text in what the terminal still holds. The browser's own search does not see a terminal.
import { useEffect, useRef, type KeyboardEvent } from "react";
import type { Screen } from "../terminal/screen";

export function Find({ screen, close }: { screen: Screen; close: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.select();
    return () => screen.search.clearDecorations();
  }, [screen]);
  const find = (back: boolean) => {
    const text = input.current?.value ?? "";
    if (back) screen.search.findPrevious(text);
    else screen.search.findNext(text);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
    if (event.key !== "Enter") return;
    event.preventDefault();
    find(!event.shiftKey);
  };
  return (
    <div className="find" role="search">
      <input ref={input} autoFocus aria-label="Find in the terminal" placeholder="Find" spellCheck={false} onChange={() => find(true)} onKeyDown={key} />
      <button type="button" className="quiet" aria-label="Find earlier" onClick={() => find(true)}>
        ↑
      </button>
      <button type="button" className="quiet" aria-label="Find later" onClick={() => find(false)}>
        ↓
      </button>
      <button type="button" className="quiet" aria-label="Close" onClick={close}>
        ×
      </button>
    </div>
  );
}
