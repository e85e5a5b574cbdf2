// What the page asks the server over HTTP, and what it gets. The routes are in crates/gateway/src/routes.

import type { Brief, Kind } from "./approvals";

/** What the server tells whoever asked it from a shell. */
const SHELL_HINT = /; `centerfire list --all` shows them$/;
/** How long an answer may take. */
const PATIENCE_MS = 20_000;

export type Role = "view" | "type" | "manage";

/** Who this browser is to the server. */
export interface Me {
  role: Role;
  label: string;
  /** The only session it may see, if there is such a limit. */
  session: string | null;
  /** When that ends, in microseconds since 1970. */
  expires?: number | null;
}

export interface Size {
  cols: number;
  rows: number;
}

export type Exit = { code: number } | { signal: number } | "lost";

/** What an agent does, by all that is known. */
export interface Agent {
  state: "starting" | "working" | "blocked" | "idle" | "done" | "error" | "limit" | "exited" | "unknown";
  /** What it is blocked on, where that is known. */
  on?: Kind;
  /** One line for people. */
  reason?: string;
  /** In microseconds since 1970. */
  since: number;
}

/** A session, as much of it as the page shows. All text in it comes from programs and is shown as text only. */
export interface Session {
  id: string;
  name: string;
  phase: "running" | "exited" | "lost";
  /** One word: the program's own state while it runs, how it ended afterwards. */
  state: string;
  exit: Exit | null;
  command: string[];
  cwd: string;
  /** Of one that ended: the command that takes its conversation up again, in its folder. */
  resume?: string;
  /** Microseconds since 1970. */
  created: number;
  size: Size;
  /** Whether it goes on only if somebody answers it, or does something. */
  needs_you: boolean;
  /** Of a recording that somebody else made: nothing here ever ran it. */
  imported?: { file: string };
  title?: string;
  clients?: { name: string; control: boolean }[];
  /** What is taken for true of its agent. */
  agent?: Agent;
  /** When it last wrote. */
  last_output?: number;
  /** What it asks leave for, while it runs. */
  approvals?: Brief[];
}

export interface NewSession {
  command: string[];
  name?: string;
  cwd?: string;
}

/** The server said no, or nothing; `status` is 0 if it could not be reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** What a failure of any kind says of itself. */
export const reason = (failure: unknown): string => (failure instanceof Error ? failure.message : String(failure));

/** Whether the server knows this browser, or what it asked for, no more: to ask again is of no use. */
export const isRefusal = (failure: unknown): failure is ApiError => failure instanceof ApiError && [401, 403, 404].includes(failure.status);

/** Does about a failure what there is to do: whom the server does not know any more leaves, and anybody else is told why. */
export const failing = (leave: (why: string) => void, tell: (why: string) => void) => (failure: unknown) => {
  const is_out = failure instanceof ApiError && failure.status === 401;
  (is_out ? leave : tell)(reason(failure));
};

/** Who this browser is, or that it is nobody: then perhaps why. */
export const who = () => ask<{ me: Me | null; why?: string }>("GET", "/login");
export const login = (token: string) => ask<Me>("POST", "/login", { token });
export const logout = () => ask<void>("POST", "/logout");

const session = (id: string) => `/sessions/${encodeURIComponent(id)}`;
export const list = async () => (await ask<{ sessions: Session[] }>("GET", "/sessions?all=true")).sessions;
export const show = (id: string) => ask<Session>("GET", session(id));
export const create = (wanted: NewSession) => ask<Session>("POST", "/sessions", wanted);
export const restart = (id: string) => ask<Session>("POST", `${session(id)}/restart`);
export const kill = (id: string) => ask<unknown>("POST", `${session(id)}/kill`);
export const rename = (id: string, name: string) => ask<Session>("PATCH", session(id), { name });
export const remove = (id: string) => ask<void>("DELETE", session(id));

/** Saves a recording as a file, which the browser writes as it comes. */
export function download(id: string, name: string, format: "asciicast-v2" | "text"): void {
  const link = document.createElement("a");
  link.href = `/api/v1${session(id)}/export${query({ format })}`;
  link.download = `${name}.${format === "text" ? "txt" : "cast"}`;
  link.click();
}

/** A recording along its time. Times are microseconds: `time` since the session's start, `played` with pauses cut. */
export interface Timeline {
  end: number;
  duration: number;
  played: number;
  /** To what pauses are cut: what was asked for, or more where there were too many. */
  idle_limit: number | null;
  /** The time of playing that each number of `activity` stands for. */
  part: number;
  activity: number[];
  pauses: { time: number; length: number }[];
  moments: Moment[];
  left_out: number;
  complete: boolean;
}

export type Moment = { time: number; offset: number } & ({ what: "enter" } | { what: "state"; state: string } | { what: "resize"; size: Size });

/** What is written to a terminal at a time; with a size, a whole screen for a fresh one. The bytes are in base64. */
export interface Frame {
  time: number;
  offset: number;
  size?: Size;
  bytes: string;
}

/** A place in a recording. */
export type Place = { at: number } | { time: number };

export interface Found {
  hits: { time: number; offset: number; line: string }[];
  /** How far was looked. */
  offset: number;
  complete: boolean;
}

export const timeline = (id: string, idle_seconds: number | undefined) =>
  ask<Timeline>("GET", `${session(id)}/timeline${query({ idle_limit: idle_seconds })}`);
/** The screen at a place, and up to `limit` bytes of what comes after it. */
export const recording = (id: string, place: Place, limit: number) =>
  ask<{ frames: Frame[]; end: boolean }>("GET", `${session(id)}/recording${query({ ...place, limit })}`);
/** Hits from an offset on. */
export const search = (id: string, q: string, from: number) => ask<Found>("GET", `${session(id)}/search${query({ q, from })}`);

export function query(fields: Record<string, string | number | undefined>): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

/** A token, without its secret. */
export interface Grant {
  id: string;
  label: string;
  role: Role;
  use: "bearer" | "login" | "cookie";
  session?: string;
  /** Microseconds since 1970, as all times. */
  created: number;
  expires?: number;
}

export interface NewToken {
  role: Role;
  label: string;
  login: boolean;
  session?: string;
  /** Seconds. */
  expires_in?: number;
}

export const tokens = async () => (await ask<{ tokens: Grant[] }>("GET", "/tokens")).tokens;
export const createToken = (wanted: NewToken) => ask<{ token: string; grant: Grant }>("POST", "/tokens", wanted);
export const revokeToken = (id: string) => ask<void>("DELETE", `/tokens/${encodeURIComponent(id)}`);
export const share = (id: string, wish: { role: Role; expires_in: number; label: string }) =>
  ask<{ path: string; grant: Grant }>("POST", `${session(id)}/share`, wish);

/** Somebody who is there now. */
export interface Connection {
  session: string | null;
  by: "terminal" | "events" | "list";
  token: string;
  label: string;
  role: Role;
  since: number;
  from: string;
}

export const connections = async () => (await ask<{ connections: Connection[] }>("GET", "/connections")).connections;

export interface Health {
  status: string;
  version: string;
  uptime_s: number;
}

/** The server at one moment. */
export interface Sample {
  time: number;
  states: Record<string, number>;
  ended: number;
  connections: number;
  written_rate: number;
  sent_rate: number;
  request_rate: number;
  latency_ms: number;
  slowest_ms: number;
  refused_rate: number;
  failed_rate: number;
  memory: number | null;
}

export interface History {
  every_s: number;
  /** Samples at most. */
  kept: number;
  samples: Sample[];
}

export const health = () => ask<Health>("GET", "/health");
export const history = (after: number) => ask<History>("GET", `/health/history?after=${after}`);

export async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const request: RequestInit = { method, credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS) };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers = { "content-type": "application/json" };
  }
  let status: number;
  let text: string;
  try {
    const response = await fetch(`/api/v1${path}`, request);
    status = response.status;
    text = await response.text();
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === "TimeoutError") throw new ApiError(0, "TIMEOUT", `the server did not answer within ${PATIENCE_MS / 1_000} s`);
    throw new ApiError(0, "UNREACHABLE", "the server cannot be reached");
  }
  if (status < 200 || status > 299) throw refusal(status, text);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

function refusal(status: number, text: string): ApiError {
  try {
    const { code, error } = JSON.parse(text) as { code: string; error: string };
    return new ApiError(status, code, error.replace(SHELL_HINT, ""));
  } catch {
    return new ApiError(status, "UNKNOWN", text.slice(0, 200) || `the server answered ${status}`);
  }
}
