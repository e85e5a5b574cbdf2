// What the page asks the server of conversations. The routes are in crates/gateway/src/routes/conversations.rs. All text in
// the answers comes from people, models and programs, and is shown as text only.
import { ask, query } from "../api";

export interface Usage {
  input: number;
  output: number;
  cache_read: number;
  cache_write: number;
  cache_write_hour: number;
}

export interface Conversation {
  cli: string;
  /** The CLI's own id of it. */
  name: string;
  cwd: string | null;
  branch: string | null;
  title: string | null;
  version: string | null;
  /** The conversation from which it goes on. */
  parent: string | null;
  /** Microseconds since 1970, as all times. */
  started: number | null;
  ended: number | null;
  /** The sessions in which it was held. */
  sessions: string[];
  entry_count: number;
  usage: (Usage & { model: string; requests: number })[];
  context: Window | null;
  /** The command that takes it up again in its CLI, in its folder, when no session holds it any more. */
  resume?: string;
  /** What a model made of it, by a background job. */
  made?: Made;
}

/** What a model made of a conversation. */
export interface Made {
  title: string | null;
  /** Whether it is called so: neither its CLI nor its user gave it a title. */
  is_title: boolean;
  summary: string | null;
  decisions: Finding[];
  todos: Finding[];
  model: string;
  time: number;
}

/** A decision, or something to do, by the entry that says so. */
export interface Finding {
  entry: string;
  text: string;
}

/** How full the window of the model is, by its last request. */
export interface Window {
  model: string;
  time: number;
  used: number;
  /** Null where nobody knows. */
  size: number | null;
  left: number | null;
  cache_read: number;
  cache_write: number;
  cached_until: number | null;
  /** Whether the conversation was shortened since. */
  compacted: boolean;
}

/** A place in a recording. */
export interface Place {
  session: string;
  offset: number;
}

export type Content =
  | { kind: "message"; text: string }
  | { kind: "thinking"; text: string }
  | { kind: "tool_call"; call: string; name: string; input: unknown }
  | { kind: "tool_result"; call: string; text: string; is_error: boolean; is_denied?: boolean; detail?: unknown }
  | { kind: "image"; media_type: string; data?: string }
  | { kind: "compaction"; text: string }
  | { kind: "failure"; text: string; status?: number }
  | { kind: "notice"; name: string; text: string }
  | { kind: "unknown"; name: string; record: unknown };

export type Entry = Content & {
  id: string;
  index: number;
  turn: number;
  cursor: number;
  agent?: string;
  time: number;
  role: "user" | "assistant" | "tool" | "system";
  model?: string;
  place?: Place;
};

export type Of<Kind extends Content["kind"]> = Extract<Entry, { kind: Kind }>;

/** Some of a conversation's entries, in their order. */
export interface Part extends Conversation {
  entries: Entry[];
  /** The highest cursor of all entries. */
  cursor: number;
  turns: number;
  /** What the turns of these entries took. */
  turn_usage: TurnUsage[];
}

/** What a turn took, in tokens. */
export interface TurnUsage {
  turn: number;
  input: number;
  output: number;
}

/** Where an answer begins; without any of it, it has the last entries. */
export interface From {
  from?: number;
  since?: number;
  /** The id of an entry that is to be in the middle. */
  around?: string;
  /** Output of a session's recording: what was said then is to be in the middle. */
  at?: number;
  session?: string;
}

export interface Hit {
  entry: string;
  cli: string;
  conversation: string;
  title: string | null;
  cwd: string | null;
  time: number;
  /** `model`, where a background job made it of the conversation. */
  role: Entry["role"] | "model";
  kind: Entry["kind"] | "summary" | "decision" | "todo";
  /** Some of its words, those that were looked for between U+0002 and U+0003. */
  snippet: string;
  /** `model`, where a background job says that the entry tells this. */
  said_by?: "model";
  place: Place | null;
  found_by?: "words" | "meaning" | "both";
}

export interface Answer {
  mode: "words" | "meaning" | "both";
  hits: Hit[];
  /** What the user should know of how it was searched. */
  note?: string;
}

/** Something that entries mention, and how often. */
export interface Mentioned {
  kind: string;
  value: string;
  times: number;
}

/** Two things that belong together, and the entry that shows it. */
export interface Related {
  from: { kind: string; value: string };
  kind: string;
  to: { kind: string; value: string };
  at: Hit;
}

/** What is left out is not asked for. */
export type Wanted = Partial<Record<"cli" | "folder" | "session" | "role" | "kind" | "tool" | "file" | "command" | "mode", string>> & { since?: number; limit?: number };

const path = (cli: string, name: string) => `/conversations/${encodeURIComponent(cli)}/${encodeURIComponent(name)}`;

const list = async (path: string) => (await ask<{ conversations: Conversation[] }>("GET", path)).conversations;

export const conversations = (limit: number) => list(`/conversations${query({ limit })}`);
export const ofSession = (session: string) => list(`/sessions/${encodeURIComponent(session)}/conversations`);
export const part = (cli: string, name: string, from: From, limit: number) => ask<Part>("GET", `${path(cli, name)}${query({ ...from, limit })}`);
export const search = (q: string, wanted: Wanted) => ask<Answer>("GET", `/search${query({ q, ...wanted })}`);

/** What an entry mentions. */
export const mentioned = async (entry: string) => (await ask<{ mentions?: Mentioned[] }>("GET", `/mentions${query({ entry })}`)).mentions ?? [];
/** The entries that mention a thing, the latest first. */
export const mentioning = async (kind: string, value: string, limit: number) => (await ask<{ entries?: Hit[] }>("GET", `/mentions${query({ kind, value, limit })}`)).entries ?? [];
export const relatedTo = async (of: string, value: string, limit: number) => (await ask<{ relations?: Related[] }>("GET", `/relations${query({ of, value, limit })}`)).relations ?? [];

/** Where the page shows a conversation, and perhaps an entry of it. */
export const pathOf = (cli: string, name: string, entry?: string) => `${path(cli, name)}${entry === undefined ? "" : `#${encodeURIComponent(entry)}`}`;
/** Where the page plays a recording from a place on. */
export const replayOf = ({ session, offset }: Place) => `/s/${encodeURIComponent(session)}/replay?at=${offset}`;

/** Saves a conversation as a file. */
export function download(cli: string, name: string, format: "markdown" | "html"): void {
  const link = document.createElement("a");
  link.href = `/api/v1${path(cli, name)}/export${query({ format })}`;
  link.download = `${name}.${format === "html" ? "html" : "md"}`;
  link.click();
}
