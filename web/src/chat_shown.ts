// Whether the conversation is shown beside the terminal: a choice that is kept, and a key for it, also in the terminal.
import { useEffect, useState } from "react";

const KEY = "centerfire.chat";
export const CHAT_KEYS = "Ctrl+Shift+Y";

/** Whether there is no room beside the terminal: the conversation takes its place then (style/chat.css). */
export const isNarrow = () => matchMedia("(max-width: 760px), (pointer: coarse) and (max-width: 1000px)").matches;

/** Where it would hide what was asked for, `covering`, it is not shown at first, and that choice is nobody's to keep. */
export function useChatShown(covering = false): [boolean, () => void] {
  const kept = !(covering && isNarrow());
  const [shown, setShown] = useState(() => kept && localStorage.getItem(KEY) === "shown");
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
