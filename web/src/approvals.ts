// What programs ask leave for: what the server tells of it over HTTP, and what is answered.
import { ask } from "./api";

export type Kind = "permission" | "question" | "plan";

/** A question in a few words, as the list of sessions has it. */
export interface Brief {
  id: number;
  /** Microseconds since 1970, as all times. */
  since: number;
  kind: Kind;
  tool: string;
  agent: string | null;
  gist: string;
}

/** A question with all that was asked, in the CLI's own form. */
export interface Approval {
  id: number;
  since: number;
  kind: Kind;
  tool: string;
  agent?: string;
  input: unknown;
  /** What may be allowed for later with a yes, each in words. */
  always?: string[];
  /** The input is what the screen showed, which may be less than there is. */
  screen?: boolean;
  /** Words may go with an option that was chosen, as a note. */
  notes?: boolean;
}

export interface Decision {
  behaviour: "allow" | "deny";
  message?: string;
  /** To each question the label that was chosen, or words. */
  answers?: Record<string, string>;
  /** What is allowed for later as well: the words of one of the question's. */
  always?: string;
}

/** What became of a question; without a decision it was answered in the terminal, or nobody can any more. */
export interface Settled {
  id: number;
  time: number;
  by: string;
  decision?: Decision;
}

const of = (session: string) => `/sessions/${encodeURIComponent(session)}/approvals`;

export const pending = async (session: string) => (await ask<{ approvals: Approval[] }>("GET", of(session))).approvals;
/** One that waits, or what became of it. */
export const one = (session: string, id: number) => ask<{ approval?: Approval; settled?: Settled }>("GET", `${of(session)}/${id}`);
export const decide = async (session: string, id: number, decision: Decision) => (await ask<{ settled: Settled }>("POST", `${of(session)}/${id}`, decision)).settled;

/** Who answered, in a sentence. */
export function story({ by, decision }: Settled): string {
  if (decision === undefined) return by === "the terminal" ? "Answered in the terminal" : `Over by ${by}`;
  const how = decision.behaviour === "deny" ? "Denied" : decision.answers === undefined ? "Allowed" : "Answered";
  return `${how}${decision.always === undefined ? "" : ` for later too (${decision.always})`} by ${by}`;
}
