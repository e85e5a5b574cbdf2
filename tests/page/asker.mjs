// Programs that ask leave: hooks of Claude Code, as it would start them in a session.
import { spawn } from "node:child_process";

export const EDIT = {
  file_path: "/work/api/src/retry.rs",
  old_string: "    let mut wait = Duration::from_millis(200);\n    for attempt in 0..5 {\n        match send(&request).await {\n",
  new_string: "    let mut wait = FIRST_WAIT;\n    for attempt in 0..ATTEMPTS_MAX {\n        tracing::debug!(attempt, ?wait);\n        match send(&request).await {\n",
};
export const PLAN = {
  plan: "# Retry with a limit\n\n1. Name the two numbers: `FIRST_WAIT`, `ATTEMPTS_MAX`.\n2. Wait **twice as long** after each attempt.\n3. Give up on what no second try can cure:\n   - 4xx but 408 and 429\n   - a body that was sent in part\n\n```rust\nconst ATTEMPTS_MAX: u32 = 5;\n```\n",
};
export const QUESTIONS = {
  questions: [
    {
      question: "Which database shall it use?",
      header: "Database",
      multiSelect: false,
      options: [
        { label: "SQLite", description: "One file, nothing to run" },
        { label: "Redis", description: "Fast, and another service" },
        { label: "PostgreSQL", description: "What production has" },
      ],
    },
    {
      question: "What else?",
      header: "Extras",
      multiSelect: true,
      options: [
        { label: "Retries", description: "" },
        { label: "Metrics", description: "For Prometheus" },
      ],
    },
  ],
};

/** What Claude Code suggests with an edit, and with a command. */
export const EDITS = [{ type: "setMode", mode: "acceptEdits", destination: "session" }];
export const PUSHES = [{ type: "addRules", behavior: "allow", destination: "localSettings", rules: [{ toolName: "Bash", ruleContent: "git push *" }] }];

export class Asker {
  constructor(stage) {
    this.stage = stage;
  }

  /** Asks in a session; it waits until it is answered, or leaves. `suggested` is what could be allowed for later. */
  async ask(session, tool, input, suggested) {
    const { socket } = JSON.parse(await this.stage.cf("show", session, "--json"));
    const before = await this.count(session);
    const hook = spawn(process.env.CENTERFIRE, ["__hook", "claude"], { env: { ...process.env, CENTERFIRE_SOCKET: socket }, stdio: ["pipe", "pipe", "inherit"] });
    hook.stdin.end(JSON.stringify({ hook_event_name: "PermissionRequest", prompt_id: "p", tool_name: tool, tool_input: input, permission_suggestions: suggested }));
    // One that waits still when the story ends goes with it.
    for (const part of [hook, hook.stdin, hook.stdout]) part.unref();
    process.once("exit", () => hook.kill());
    let said = "";
    hook.stdout.on("data", (bytes) => (said += bytes));
    const over = new Promise((resolve) => hook.once("close", resolve));
    await this.stage.until("it waits", async () => (await this.count(session)) > before);
    return {
      /** What the program is told. */
      told: async () => {
        await over;
        return JSON.parse(said).hookSpecificOutput.decision;
      },
      leave: () => hook.kill(),
    };
  }

  async count(session) {
    return JSON.parse(await this.stage.cf("approvals", session, "--json")).length;
  }
}
