// What can be done with a session and is seldom wanted, behind `⋯`: a menu as screen readers know it.
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import type { Command } from "../commands";

/** `isWide`: has a button of its own where there is room, and is in the menu where there is none. */
export type MenuItem = Command & { isWide?: boolean };

export function SessionMenu({ items }: { items: MenuItem[] }) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const id = useId();
  const shown = () => [...(menu.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])].filter((item) => item.offsetParent !== null);
  useEffect(() => {
    if (!open) return;
    shown()[0]?.focus();
    // A touch beside it, also in the terminal, closes it.
    const pressed = ({ target }: PointerEvent) => {
      if (target instanceof Node && !menu.current?.contains(target) && !button.current?.contains(target)) setOpen(false);
    };
    addEventListener("pointerdown", pressed, true);
    return () => removeEventListener("pointerdown", pressed, true);
  }, [open]);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const key = (event: KeyboardEvent) => {
    const all = shown();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const next: Record<string, number> = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 };
    const to = next[event.key];
    if (to !== undefined) all[to]?.focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="more-of">
      <button ref={button} type="button" aria-label="More" title="More" aria-haspopup="menu" aria-expanded={open} aria-controls={open ? id : undefined} onClick={() => setOpen(!open)}>
        ⋯
      </button>
      {open && (
        <div ref={menu} id={id} className="menu" role="menu" aria-label="More" onKeyDown={key}>
          {items.map(({ label, run, isWide }) => (
            <button
              key={label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              className={isWide === true ? "narrow" : undefined}
              onClick={() => {
                // First the focus goes back to the button, from which a dialog may take it.
                close();
                run();
              }}
            >
              {label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
