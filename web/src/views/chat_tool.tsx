// A tool that a model called: one line, which unfolds to what it was given and what came of it.
import { useState } from "react";
import type { Of } from "../conversation/api";
import { LINES_MAX, field, hunksOf, type Hunk } from "../conversation/diff";
import { Code, Markdown } from "../conversation/markdown";
import { brief, plain } from "../conversation/plain";
import { Mentions } from "./mentions";

/** Characters of a result that are shown at once. */
const RESULT_MAX = 20_000;
const BRIEF_MAX = 160;
/** What of a call says most of it, in this order. */
const TELLING = ["command", "pattern", "query", "url", "file_path", "path", "description", "prompt", "skill", "subject"];

interface Props {
  call: Of<"tool_call"> | undefined;
  result: Of<"tool_result"> | undefined;
}

export function ToolCall({ call, result }: Props) {
  // What is inside is made only when somebody wants to see it.
  const [open, setOpen] = useState(false);
  // A no is no failure.
  const denied = result?.is_denied === true;
  const failed = result?.is_error === true && !denied;
  const hunks = call === undefined ? undefined : hunksOf(call.input, result?.detail);
  const counts = hunks && counted(hunks);
  return (
    <details className="tool" data-failed={failed} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="tool-name">{call?.name ?? "Result"}</span>
        <span className="tool-brief">{call === undefined ? brief(result?.text ?? "", BRIEF_MAX) : told(call.input)}</span>
        {counts !== undefined && (
          <span className="tool-counts">
            <span className="added">+{counts.added}</span> <span className="removed">−{counts.removed}</span>
          </span>
        )}
        {failed ? <span className="tool-end bad">failed</span> : denied ? <span className="tool-end">denied</span> : result === undefined && <span className="tool-end">no result yet</span>}
      </summary>
      {open && (
        <div className="inside">
          {hunks !== undefined ? <Diff hunks={hunks} /> : call !== undefined && <Given input={call.input} />}
          {result !== undefined && (hunks === undefined || failed || denied) && <Result text={result.text} title={failed ? "Failed with" : denied ? "Denied" : "Result"} failed={failed} />}
          <Mentions entries={[call, result].flatMap((entry) => entry?.id ?? [])} />
        </div>
      )}
    </details>
  );
}

function told(input: unknown): string {
  const questions = field(input, "questions");
  if (Array.isArray(questions)) return brief(questions.map((question) => field(question, "question")).join(" "), BRIEF_MAX);
  const plan = field(input, "plan");
  if (typeof plan === "string") return brief(/^[#\s]*(.*)/.exec(plan)?.[1] ?? "", BRIEF_MAX);
  const name = TELLING.find((name) => typeof field(input, name) === "string");
  if (name !== undefined) return brief(String(field(input, name)), BRIEF_MAX);
  const whole = JSON.stringify(input) ?? "";
  return whole === "{}" ? "" : brief(whole, BRIEF_MAX);
}

/** A plan and questions as they were put to people, anything else by its fields. */
function Given({ input }: { input: unknown }) {
  const plan = field(input, "plan");
  const questions = field(input, "questions");
  if (typeof plan === "string") return <Markdown text={plan} />;
  if (!Array.isArray(questions)) return <Input input={input} />;
  return (
    <dl className="input">
      {questions.map((question, at) => (
        <div key={at}>
          <dt>{plain(String(field(question, "question") ?? ""))}</dt>
          <dd>{plain([field(question, "options")].flat().map((option) => String(field(option, "label") ?? "")).join(" · "))}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Each field by its name; long ones as they are, and not as JSON. */
export function Input({ input }: { input: unknown }) {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return <Code text={plain(JSON.stringify(input, null, 2) ?? "")} />;
  return (
    <dl className="input">
      {Object.entries(input).map(([name, value]) => (
        <div key={name}>
          <dt>{plain(name)}</dt>
          <dd>{typeof value === "string" ? value.includes("\n") || name === "command" ? <Code text={plain(value)} /> : plain(value) : <code>{plain(JSON.stringify(value))}</code>}</dd>
        </div>
      ))}
    </dl>
  );
}

function Result({ text, title, failed }: { text: string; title: string; failed: boolean }) {
  const [whole, setWhole] = useState(false);
  const rest = text.length - RESULT_MAX;
  return (
    <div className="result" data-failed={failed}>
      <h4>{title}</h4>
      {text === "" ? <p className="hint">Nothing was said.</p> : <Code text={plain(whole ? text : text.slice(0, RESULT_MAX))} />}
      {!whole && rest > 0 && (
        <button type="button" className="quiet" onClick={() => setWhole(true)}>
          Show {rest.toLocaleString("en")} more characters
        </button>
      )}
    </div>
  );
}

function counted(hunks: Hunk[]): { added: number; removed: number } {
  const lines = hunks.flatMap(({ lines }) => lines);
  const begin = (sign: string) => lines.filter((line) => line.startsWith(sign)).length;
  return { added: begin("+"), removed: begin("-") };
}

const SIGNS: Record<string, string> = { "+": "added", "-": "removed" };

export function Diff({ hunks, label = "What was changed" }: { hunks: Hunk[]; label?: string }) {
  const left_out = hunks.reduce((sum, { lines }) => sum + lines.length, 0) - LINES_MAX;
  let room = LINES_MAX;
  return (
    <div className="diff" tabIndex={0} role="region" aria-label={label}>
      {hunks.map((hunk, at) => {
        const shown = hunk.lines.slice(0, room);
        room -= shown.length;
        return (
          <div key={at} className="hunk">
            {hunk.old !== undefined && <p className="where">{`@@ −${hunk.old} +${hunk.new ?? hunk.old} @@`}</p>}
            {shown.map((line, index) => (
              <div key={index} className={SIGNS[line.charAt(0)]}>
                {plain(line) || " "}
              </div>
            ))}
          </div>
        );
      })}
      {left_out > 0 && <p className="where">{left_out.toLocaleString("en")} more lines</p>}
    </div>
  );
}
