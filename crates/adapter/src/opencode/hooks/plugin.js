// Tells the session of Centerfire in which this opencode runs what it does and what it asks, and answers for whoever answers
// there. It holds nothing up, and fails silently: opencode asks in its own dialog all the same.

import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { resolve as path } from "node:path";

const { hook, asks } = SETTINGS;
const MARK = "CENTERFIRE_OPENCODE";
// Events that wait for the one before to be told.
const WAITING_MAX = 100;
// How the question begins that the tool for the end of planning puts, and how many characters of a plan are told.
const PLAN = /^Plan at (.+?) is complete\./;
const PLAN_MAX = 200_000;
// What a rest means right behind another try that is awaited, and behind a no.
const ENDINGS = { retry: "interrupted", refused: "refused" };

export const Centerfire = async ({ client, directory, worktree }) => {
  // An opencode that is started from inside this one has a session of its own, or none.
  if ((process.env[MARK] ??= String(process.pid)) !== String(process.pid)) return {};

  const parents = new Map();
  const states = new Map();
  const open = new Map();
  let waiting = 0;
  let told = Promise.resolve();

  const run = (event, hear) =>
    new Promise((resolve) => {
      const child = spawn(hook[0], hook.slice(1), { stdio: ["pipe", hear ? "pipe" : "ignore", "ignore"] });
      child.on("error", resolve);
      child.stdin.on("error", () => {});
      child.stdin.end(JSON.stringify(event));
      if (hear) {
        let text = "";
        child.stdout.on("data", (piece) => (text += piece));
        child.on("close", () => hear(text));
        open.set(event.id, { child, session: event.sessionID });
        resolve();
      } else child.on("close", resolve);
    });

  const tell = (event, hear) => {
    if (waiting >= WAITING_MAX) return;
    waiting += 1;
    told = told.then(() => run(event, hear)).catch(() => {}).then(() => void (waiting -= 1));
  };

  const post = (url, id, body) =>
    client._client.post({
      url, path: { requestID: id }, query: { directory }, body, headers: { "Content-Type": "application/json" },
    });

  const answer = (kind, id) => (text) => {
    open.delete(id);
    if (!text) return;
    const { reject, ...body } = JSON.parse(text);
    post(`/${kind}/{requestID}/${reject ? "reject" : "reply"}`, id, reject ? undefined : body).catch(() => {});
  };

  // The plan that a question is about; nothing where another tool puts it, as any may in the same words.
  const plan = async ({ sessionID, tool, questions }) => {
    const file = questions?.length === 1 && tool && PLAN.exec(questions[0].question)?.[1];
    if (!file) return undefined;
    const { data } = await client.session.message({ path: { id: sessionID, messageID: tool.messageID }, query: { directory } });
    const isIt = (part) => part.type === "tool" && part.callID === tool.callID && part.tool === "plan_exit";
    if (!data?.parts.some(isIt)) return undefined;
    return (await readFile(path(worktree, file), "utf8")).slice(0, PLAN_MAX);
  };

  const close = (is) => {
    for (const [id, { child, session }] of open) if (is(id, session)) child.kill();
  };

  // Whether it says something that was not said; what follows an error is its end.
  const isNews = ({ type, properties: { sessionID, status } }) => {
    const state = type === "session.status" ? status.type : type;
    const before = states.get(sessionID);
    states.set(sessionID, state);
    return state !== before && !(state === "idle" && before === "session.error");
  };

  // Why a turn ended that came to no end of its own: nothing but its rest is told then. Where it goes on after a no, or another
  // try went well, it is busy before.
  const ended = ({ type, properties: { sessionID, status } }) =>
    type === "session.status" && status.type === "idle" ? ENDINGS[states.get(sessionID)] : undefined;

  const event = async ({ event }) => {
    const { type, properties } = event;
    const id = properties?.sessionID;
    const all = { hook_event_name: type, session_id: id, agent_id: parents.has(id) ? id : undefined, cwd: directory, ...properties };
    switch (type) {
      case "session.created":
        if (properties.info?.parentID) parents.set(id, properties.info.parentID);
        return tell({ hook_event_name: type, session_id: id, cwd: directory });
      case "session.status":
      case "session.error":
        if (type === "session.error" || properties.status.type === "idle") close((_, session) => session === id);
        all.ended = ended(event);
        if (id && isNews(event)) tell(all);
        return;
      case "question.asked":
        all.plan = await plan(properties).catch(() => undefined);
      case "permission.asked":
        return tell(all, asks ? answer(type.split(".")[0], properties.id) : undefined);
      case "permission.replied":
      case "question.replied":
      case "question.rejected":
        close((request) => request === properties.requestID);
        if (type === "question.rejected" || properties.reply === "reject") states.set(id, "refused");
        return tell(all);
    }
  };
  return { event: async (input) => event(input).catch(() => {}) };
};
