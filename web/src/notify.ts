// Tells who does not look: by the tab's title and picture how many sessions wait, and, if that was asked for, by the browser
// when a session begins to wait or is done.
import { useEffect, useRef, useState } from "react";
import type { Session } from "./api";
import { needOf, type Need } from "./need";
import { goTo } from "./route";

const KEY = "centerfire.notify";

export interface Notifying {
  state: "unable" | "denied" | "off" | "on";
  toggle: () => Promise<void>;
}

const wanted = () => localStorage.getItem(KEY) === "on";

function now(): Notifying["state"] {
  if (!("Notification" in window)) return "unable";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && wanted() ? "on" : "off";
}

/** The states that are told, in words. */
const TOLD: Partial<Record<Need["state"], string>> = { blocked: "waits for you", done: "is done", error: "met an error", limit: "is at a limit" };

/** Whether the list is to be followed though nobody looks. */
export const isNotifying = (): boolean => now() === "on";

export function useNotifying(sessions: Session[] | undefined): Notifying {
  const [state, setState] = useState(now);
  const before = useRef(new Map<string, string>());
  useEffect(() => {
    if (sessions === undefined) return;
    const states = new Map(sessions.map((session) => [session.id, needOf(session).state as string]));
    for (const session of sessions) {
      const was = before.current.get(session.id);
      const { state, reason } = needOf(session);
      if (was === undefined || was === state || !document.hidden || !isNotifying()) continue;
      const what = TOLD[state];
      if (what !== undefined) tell(session, what, reason);
    }
    before.current = states;
  }, [sessions]);
  const toggle = async () => {
    if (state === "on") localStorage.removeItem(KEY);
    else if ((await Notification.requestPermission()) === "granted") localStorage.setItem(KEY, "on");
    setState(now());
  };
  return { state, toggle };
}

function tell({ id, name }: Session, what: string, reason: string): void {
  try {
    const told = new Notification(`${name} ${what}`, { body: reason, tag: id, icon: "/ember.svg" });
    told.onclick = () => {
      window.focus();
      goTo(`/s/${id}`);
      told.close();
    };
  } catch {
    // A phone's browser shows none that a page makes by itself.
  }
}

/** The title and the picture of the tab. */
export function useTab(title: string | undefined, sessions: Session[] | undefined): number {
  const waiting = sessions?.filter(({ needs_you }) => needs_you).length ?? 0;
  useEffect(() => {
    document.title = `${waiting > 0 ? `(${waiting}) ` : ""}${title === undefined ? "" : `${title} · `}Centerfire`;
    document.querySelector<HTMLLinkElement>("link[rel=icon]")?.setAttribute("href", waiting > 0 ? "/ember-needs.svg" : "/ember.svg");
  }, [title, waiting]);
  return waiting;
}
