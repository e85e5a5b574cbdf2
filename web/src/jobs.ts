// What the page asks the server of background jobs. The routes are in crates/gateway/src/routes/jobs.rs.
import { ask } from "./api";

/** What a model was asked about conversations. Costs are in millionths of a dollar, times in microseconds since 1970. */
export interface Jobs {
  state: "off" | "on" | "wrong";
  /** Why nothing is done just now, and what to do about it. */
  why: string | null;
  /** When that is over by itself. */
  until: number | null;
  endpoint: string | null;
  model: string | null;
  kinds: { titles: boolean; summaries: boolean; extraction: boolean } | null;
  budget: number | null;
  spent: number;
  /** When the next day's budget begins. */
  resets: number;
  running: { cli: string; conversation: string } | null;
  waiting: number;
  done: number;
  failed: number;
  /** How many are still to be done because somebody asked for it. */
  asked: number;
  latest: Job[];
}

export interface Job {
  cli: string;
  conversation: string;
  title: string | null;
  state: "running" | "done" | "waits" | "failed";
  cost: number;
  model: string | null;
  tries: number;
  why: string | null;
  time: number;
  /** When it is tried again. */
  again: number | null;
}

export const jobs = () => ask<Jobs>("GET", "/jobs");
export const runJobs = () => ask<{ asked: number }>("POST", "/jobs/run", {});
export const retryJobs = (conversation?: string) => ask<{ retried: number }>("POST", "/jobs/retry", conversation === undefined ? {} : { conversation });
