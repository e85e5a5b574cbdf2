// Whether the conversation is shown beside the terminal: a choice that is kept, and a key for it, also in the terminal.
import { useEffect, useState } from "react";

const KEY = "centerfire.chat";
export const CHAT_KEYS = "Ctrl+Shift+Y";

export function useChatShown(): [boolean, () => void] {
  const [shown, setShown] = useState(() => localStorage.getItem(KEY) === "shown");
  const toggle = () => {
    localStorage.setItem(KEY, shown ? "hidden" : "shown");
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
