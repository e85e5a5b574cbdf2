// The key that opens the palette: Ctrl+K, or Cmd+K. In a terminal that may be typed into Ctrl+K is the program's: there it
// is Ctrl+Shift+K.
import { useEffect, useSyncExternalStore } from "react";
import type { Me } from "./api";

const IS_MAC = /^(Mac|iP)/.test(navigator.platform);

/** Whether what has the focus keeps Ctrl+K for itself. */
const keepsKey = (me: Me, focused: EventTarget | null): boolean => me.role !== "view" && focused instanceof Element && focused.closest(".frame") !== null;

export function usePaletteKey(me: Me, open: () => void): void {
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.code !== "KeyK" || event.altKey || !(event.ctrlKey || event.metaKey)) return;
      if (keepsKey(me, event.target) && !event.metaKey && !event.shiftKey) return;
      // A dialog that is open comes first.
      if (document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      event.stopPropagation();
      open();
    };
    addEventListener("keydown", pressed, { capture: true });
    return () => removeEventListener("keydown", pressed, { capture: true });
  });
}

/** The keys that open the palette from where the focus is now. */
export function usePaletteKeys(me: Me): string {
  const kept = useSyncExternalStore(onFocus, () => keepsKey(me, document.activeElement));
  if (IS_MAC) return "⌘ K";
  return kept ? "Ctrl Shift K" : "Ctrl K";
}

function onFocus(moved: () => void): () => void {
  document.addEventListener("focusin", moved);
  document.addEventListener("focusout", moved);
  return () => {
    document.removeEventListener("focusin", moved);
    document.removeEventListener("focusout", moved);
  };
}
