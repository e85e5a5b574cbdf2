// Looks at something again and again, for what the server does not tell by itself.
import { useEffect } from "react";

/** Looks at once, then each time so long after the last look was answered; not while nobody sees the page. */
export function useLooks(look: () => Promise<void>, every_ms: number, wanted = true): void {
  useEffect(() => {
    if (!wanted) return;
    let timer: number | undefined;
    let over = false;
    const again = async () => {
      if (!document.hidden) await look();
      if (!over) timer = window.setTimeout(() => void again(), every_ms);
    };
    void again();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [look, every_ms, wanted]);
}
