// What the page asks the server of projects. The routes are in crates/gateway/src/routes/projects.rs.
import { ask } from "./api";
import type { Conversation, Usage } from "./conversation/api";

/** Microseconds since 1970, as all times; costs are in millionths of a dollar. */
export interface Project {
  id: string;
  name: string;
  root: string;
  kind: "git" | "manifest" | "folder";
  sessions: number;
  running: number;
  conversations: number;
  started: number | null;
  last: number | null;
  active_s: number;
  tokens: number;
  cost: number;
  /** Models without a price, by which the cost is higher. */
  unpriced?: string[];
  needs: Need[];
}

/** Something that waits for somebody. */
export interface Need {
  session: string;
  name: string;
  kind: "permission" | "question" | "plan" | null;
  tool: string | null;
  since: number;
}

export interface Day {
  day: number;
  active_s: number;
  requests: number;
  tokens: number;
  cost: number;
}

export interface Mentioned {
  kind: string;
  value: string;
  times: number;
  last: number;
}

export interface Summary extends Project {
  folders: string[];
  usage: (Usage & { model: string; requests: number; cost: number | null })[];
  days: Day[];
  files: Mentioned[];
  failing: { command: string; runs: number; failed: number; last: number }[];
  todos: Mentioned[];
  recent: Conversation[];
}

export const projects = async () => (await ask<{ projects: Project[] }>("GET", "/projects")).projects;
export const project = (id: string) => ask<Summary>("GET", `/projects/${encodeURIComponent(id)}`);

/** Where the page shows one. */
export const pathOfProject = (id: string) => `/projects/${encodeURIComponent(id)}`;

/** Millionths of a dollar: `$1.20`. */
export const dollars = (cost: number): string => (cost > 0 && cost < 10_000 ? "< $0.01" : `$${(cost / 1_000_000).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`);

/** What a project cost, and what that leaves out. */
export function costOf({ cost, unpriced = [] }: Project): { text: string; title: string | undefined } {
  if (unpriced.length === 0) return { text: dollars(cost), title: undefined };
  return { text: cost === 0 ? "no price" : `≥ ${dollars(cost)}`, title: `The price list has no price of ${unpriced.join(", ")}` };
}
