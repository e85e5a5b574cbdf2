// Whether the conversation is shown beside the terminal: a choice that is kept, and a key for it, also in the terminal.
import { useEffect, useState } from "react";

const KEY = "centerfire.chat";
export const CHAT_KEYS = "Ctrl+Shift+Y";

/** Whether there is no room beside the terminal: the conversation takes its place then (style/chat.css). */
export const isNarrow = () => matchMedia("(max-width: 760px), (pointer: coarse) and (max-width: 1000px)").matches;

interface Place {
  /** Where it would hide what was asked for, it is not shown at first, and that choice is nobody's to keep. */
  covering?: boolean;
  /** Whether it is shown at first where there is no room for both, as long as nobody chose. */
  instead?: boolean;
}

export function useChatShown({ covering = false, instead = false }: Place): [boolean, () => void] {
  const kept = !(covering && isNarrow());
  const [shown, setShown] = useState(() => kept && localStorage.getItem(KEY) === "shown");
  useEffect(() => {
    if (instead && isNarrow() && localStorage.getItem(KEY) === null) setShown(true);
  }, [instead]);
  const toggle = () => {
    if (kept) localStorage.setItem(KEY, shown ? "hidden" : "shown");
    setShown(!shown);
  };
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.code !== "KeyY" || !event.ctrlKey || !event.shiftKey || event.altKey || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      event.stopPropagation();
      toggle();
    };
    // Before the terminal, which would take it for itself.
    addEventListener("keydown", pressed, { capture: true });
    return () => removeEventListener("keydown", pressed, { capture: true });
  });
  return [shown, toggle];
}
