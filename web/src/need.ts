// Where a session stands and what it waits for. Whoever wants to know asks here, and nothing else looks at what it is made of.
import type { Agent, Session } from "./api";
import type { Kind } from "./approvals";

export interface Need {
  state: Exclude<Agent["state"], "unknown" | "exited"> | "running" | "ended";
  /** What it is blocked on, where that is known. */
  on: Kind | undefined;
  /** One line for people; perhaps nothing. */
  reason: string;
  /** In microseconds since 1970, where that is known. */
  since: number | undefined;
}

export function needOf({ phase, state, agent, approvals = [], last_output, title = "" }: Session): Need {
  if (phase !== "running") return { state: "ended", on: undefined, reason: state, since: last_output };
  const first = approvals[0];
  if (first !== undefined) return { state: "blocked", on: first.kind, reason: `${first.tool}: ${first.gist}`, since: first.since };
  if (agent === undefined || agent.state === "unknown" || agent.state === "exited") return { state: "running", on: undefined, reason: title, since: last_output };
  return { state: agent.state, on: agent.on, reason: agent.reason ?? title, since: agent.since };
}

/** The one word for it beside a session's name. */
export const wordOf = (session: Session): string => (needOf(session).state === "blocked" ? "blocked" : session.state);
