// Entries as lines of the page: a call and its result are one, a sub-agent's are together, and each turn begins with a line.
import type { Entry, Of, TurnUsage } from "./api";
import { field } from "./diff";

export type Row = { key: string; depth: number } & (
  | { is: "turn"; turn: number; usage: TurnUsage | undefined }
  | { is: "entry"; entry: Exclude<Entry, { kind: "tool_call" | "tool_result" }> }
  /** A result without its call is one whose call is not held. */
  | { is: "tool"; call: Of<"tool_call"> | undefined; result: Of<"tool_result"> | undefined }
  | { is: "agent"; agent: string; task: string; count: number; open: boolean }
);

/** The entry that a line stands for. */
export function entryOf(row: Row): Entry | undefined {
  if (row.is === "entry") return row.entry;
  return row.is === "tool" ? (row.call ?? row.result) : undefined;
}

/** `open` are the sub-agents that are unfolded. */
export function rowsOf(entries: Entry[], open: ReadonlySet<string>, usage: ReadonlyMap<number, TurnUsage>): Row[] {
  const results = new Map<string, Of<"tool_result">>();
  const calls = new Map<string, Of<"tool_call">>();
  const tasks = new Map<string, string>();
  const agents = new Map<string, Entry[]>();
  for (const entry of entries) {
    if (entry.kind === "tool_call") calls.set(entry.call, entry);
    if (entry.kind === "tool_result") {
      results.set(entry.call, entry);
      const agent = field(entry.detail, "agentId");
      const task = field(calls.get(entry.call)?.input, "description");
      if (typeof agent === "string" && typeof task === "string") tasks.set(agent, task);
    }
    if (entry.agent === undefined) continue;
    const of = agents.get(entry.agent);
    if (of === undefined) agents.set(entry.agent, [entry]);
    else of.push(entry);
  }
  const rows: Row[] = [];
  const add = (entry: Entry, depth: number) => {
    const key = entry.id;
    if (entry.kind === "tool_call") rows.push({ key, depth, is: "tool", call: entry, result: results.get(entry.call) });
    else if (entry.kind === "tool_result") {
      if (!calls.has(entry.call)) rows.push({ key, depth, is: "tool", call: undefined, result: entry });
    } else rows.push({ key, depth, is: "entry", entry });
  };
  const begun = new Set<string>();
  let turn = entries[0]?.turn;
  for (const entry of entries) {
    if (entry.agent !== undefined) {
      if (begun.has(entry.agent)) continue;
      begun.add(entry.agent);
      const of = agents.get(entry.agent) ?? [];
      const is_open = open.has(entry.agent);
      rows.push({ key: `agent ${entry.agent}`, depth: 0, is: "agent", agent: entry.agent, task: tasks.get(entry.agent) ?? "", count: of.length, open: is_open });
      if (is_open) for (const inside of of) add(inside, 1);
      continue;
    }
    // The first one held may be in the middle of its turn.
    if (entry.turn !== turn || (rows.length === 0 && entry.turn > 0 && entry.role === "user" && entry.kind === "message")) {
      turn = entry.turn;
      rows.push({ key: `turn ${turn}`, depth: 0, is: "turn", turn, usage: usage.get(turn) });
    }
    add(entry, 0);
  }
  return rows;
}
