// What the page asks the server over HTTP, and what it gets. The routes are in crates/gateway/src/routes.

/** How long an answer may take. */
const PATIENCE_MS = 20_000;

export type Role = "view" | "type" | "manage";

/** Who this browser is to the server. */
export interface Me {
  role: Role;
  label: string;
  /** The only session it may see, if there is such a limit. */
  session: string | null;
}

export interface Size {
  cols: number;
  rows: number;
}

export type Exit = { code: number } | { signal: number } | "lost";

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
  /** Microseconds since 1970. */
  created: number;
  size: Size;
  title?: string;
  clients?: { name: string; control: boolean }[];
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

export const me = () => ask<Me>("GET", "/me");
export const login = (token: string) => ask<Me>("POST", "/login", { token });
export const logout = () => ask<void>("POST", "/logout");
export const list = async () => (await ask<{ sessions: Session[] }>("GET", "/sessions?all=true")).sessions;
export const show = (id: string) => ask<Session>("GET", `/sessions/${encodeURIComponent(id)}`);
export const create = (wanted: NewSession) => ask<Session>("POST", "/sessions", wanted);
export const restart = (id: string) => ask<Session>("POST", `/sessions/${encodeURIComponent(id)}/restart`);

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  const request: RequestInit = { method, credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS) };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers = { "content-type": "application/json" };
  }
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, request);
  } catch {
    throw new ApiError(0, "UNREACHABLE", "the server cannot be reached");
  }
  const text = await response.text();
  if (!response.ok) throw failure(response.status, text);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

function failure(status: number, text: string): ApiError {
  try {
    const { code, error } = JSON.parse(text) as { code: string; error: string };
    return new ApiError(status, code, error);
  } catch {
    return new ApiError(status, "UNKNOWN", text.slice(0, 200) || `the server answered ${status}`);
  }
}
