// Where a session stands and what it waits for. Whoever wants to know asks here, and nothing else looks at what it is made of.
import type { Session } from "./api";
import type { Kind } from "./approvals";

export interface Need {
  state: "blocked" | "done" | "error" | "working" | "idle" | "running" | "ended";
  /** What it is blocked on, where that is known. */
  on: Kind | undefined;
  /** One line for people; perhaps nothing. */
  reason: string;
  /** In microseconds since 1970, where that is known. */
  since: number | undefined;
}

export function needOf({ phase, state, program, approvals = [], last_output, title = "" }: Session): Need {
  if (phase !== "running") return { state: "ended", on: undefined, reason: state, since: last_output };
  const first = approvals[0];
  if (first !== undefined) return { state: "blocked", on: first.kind, reason: `${first.tool}: ${first.gist}`, since: first.since };
  const reason = program?.msg ?? title;
  switch (program?.state) {
    case "blocked":
      return { state: "blocked", on: program.kind, reason, since: last_output };
    case "done":
    case "error":
    case "idle":
      return { state: program.state, on: undefined, reason, since: last_output };
    case "working":
      return { state: "working", on: undefined, reason, since: undefined };
    default:
      return { state: "running", on: undefined, reason, since: last_output };
  }
}

/** The one word for it beside a session's name. */
export const wordOf = (session: Session): string => (isBlocked(session) ? "blocked" : session.state);

export const isBlocked = (session: Session): boolean => needOf(session).state === "blocked";
