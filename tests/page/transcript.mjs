// Writes transcripts as Claude Code does (crates/adapter/src/claude/transcript.rs), with as little in each line as is read.
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** Between two lines, as the CLI's clock counts them. */
const STEP_MS = 1_000;
const MODEL = "claude-opus-5-5";

/** Where the transcripts lie; a server that starts watches what is there. */
export function transcripts() {
  const folder = join(process.env.CLAUDE_CONFIG_DIR ?? join(process.env.HOME, ".claude"), "projects", "-work");
  mkdirSync(folder, { recursive: true });
  return folder;
}

export class Transcript {
  lines = [];
  count = 0;

  /** Its lines follow each other from `began_ms` on; without it each has the time at which it is made. */
  constructor(name, began_ms) {
    this.name = name;
    this.time_ms = began_ms;
    this.file = join(transcripts(), `${name}.jsonl`);
  }

  line(kind, fields) {
    this.count += 1;
    if (this.time_ms !== undefined) this.time_ms += STEP_MS;
    const timestamp = new Date(this.time_ms ?? Date.now()).toISOString();
    const uuid = `${this.name}-${this.count}`;
    this.lines.push(JSON.stringify({ type: kind, uuid, timestamp, sessionId: this.name, cwd: "/work", version: "2.1.329", ...fields }));
    return `claude:${uuid}`;
  }

  user(content, fields = {}) {
    return this.line("user", { message: { role: "user", content }, ...fields });
  }

  assistant(content, fields = {}) {
    const usage = { input_tokens: 1200, output_tokens: 40, cache_read_input_tokens: 9000 };
    return this.line("assistant", { message: { id: `msg_${this.count}`, model: MODEL, role: "assistant", content, usage }, ...fields });
  }

  says(text, fields) {
    return this.assistant([{ type: "text", text }], fields);
  }

  thinks(thinking) {
    return this.assistant([{ type: "thinking", thinking }]);
  }

  /** A call of a tool and its result; gives the id of the call's entry. */
  calls(name, input, text, { failed = false, detail, fields } = {}) {
    const id = `toolu_${this.name}_${this.count}`;
    const entry = this.assistant([{ type: "tool_use", id, name, input }], fields);
    if (text !== undefined) this.user([{ type: "tool_result", tool_use_id: id, content: text, is_error: failed }], { toolUseResult: detail, ...fields });
    return entry;
  }

  /** Appends what was said since. */
  write() {
    appendFileSync(this.file, this.lines.map((line) => `${line}\n`).join(""));
    this.lines = [];
    return this;
  }
}

/** One pixel. */
const PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/** A conversation with something of every kind in it. */
export function everyKind(name, began_ms) {
  const of = new Transcript(name, began_ms);
  of.user("The parser drops the **last** line of a file without a line feed.\nPlease find out why, and fix it.");
  of.thinks("The reader splits at line feeds and keeps what is behind the last one for the next read. At the end of the file nothing comes any more.");
  of.says("I look at how lines are read:\n\n1. where they are split,\n2. what happens at the end.");
  of.calls("Grep", { pattern: "fn read_line", path: "src" }, "src/reader.rs:41:    fn read_line(&mut self) -> Option<&str> {");
  of.calls("Read", { file_path: "/work/src/reader.rs" }, "fn read_line(&mut self) -> Option<&str> {\n    let end = self.rest.find('\\n')?;\n    Some(self.take(end))\n}");
  of.calls(
    "Edit",
    { file_path: "/work/src/reader.rs", old_string: "    let end = self.rest.find('\\n')?;", new_string: "    let end = self.rest.find('\\n').unwrap_or(self.rest.len());" },
    "The file was updated.",
    {
      detail: {
        filePath: "/work/src/reader.rs",
        structuredPatch: [
          {
            oldStart: 41,
            newStart: 41,
            lines: [
              " fn read_line(&mut self) -> Option<&str> {",
              "-    let end = self.rest.find('\\n')?;",
              "+    // The last line may end with the file.",
              "+    let end = self.rest.find('\\n').unwrap_or(self.rest.len());",
              "     Some(self.take(end))",
            ],
          },
        ],
      },
    },
  );
  of.calls("Bash", { command: "cargo test -p reader", description: "Run the tests" }, "Exit code 101\n\u001b[31mtest last_line ... FAILED\u001b[0m", { failed: true });
  of.calls("Task", { description: "look for other readers", prompt: "Which other readers split at line feeds?" }, "Started.", { detail: { agentId: "a1b2c3d4e5" } });
  of.user("Which other readers split at line feeds?", { agentId: "a1b2c3d4e5", isSidechain: true });
  of.calls("Grep", { pattern: "find\\('\\\\n'\\)" }, "nothing", { fields: { agentId: "a1b2c3d4e5", isSidechain: true } });
  of.says("There is no other one.", { agentId: "a1b2c3d4e5", isSidechain: true });
  of.says(
    "The end of the file was taken for the middle of a line.\n\n| case | before | now |\n|---|---|---|\n| `a\\nb\\n` | 2 | 2 |\n| `a\\nb` | 1 | **2** |\n\n```rust\nlet end = self.rest.find('\\n').unwrap_or(self.rest.len());\n```\n\n> One test still fails: it expects the old count.\n\nSee [the rule](https://pubs.opengroup.org/) for what a line is.",
  );
  of.user("Fix that test, too.");
  of.user("[Request interrupted by user]");
  of.line("assistant", { isApiErrorMessage: true, apiErrorStatus: 529, message: { model: "<synthetic>", content: [{ type: "text", text: "API Error: 529 overloaded_error: the server is busy" }] } });
  of.line("user", { isCompactSummary: true, message: { content: "The reader was fixed; a test that counts lines is left." } });
  of.user("<command-name>/model</command-name>\n<command-message>model</command-message>");
  of.user([{ type: "text", text: "It looks so now:" }, { type: "image", source: { type: "base64", media_type: "image/png", data: PICTURE } }]);
  of.line("hologram", { projection: { of: "something new" } });
  of.says("The test counts two lines now, and passes.");
  return of;
}
