// Questions with options: one of them, or several, or words of one's own.
import { useId } from "react";
import { field } from "../conversation/diff";
import { plain } from "../conversation/plain";

interface Question {
  text: string;
  header: string;
  several: boolean;
  options: { label: string; about: string }[];
}

/** To each question what was chosen, and words of one's own. */
export type Chosen = Record<string, { labels: string[]; other: string }>;

const NONE = { labels: [] as string[], other: "" };
const text = (of: unknown, name: string): string => {
  const value = field(of, name);
  return typeof value === "string" ? value : "";
};
const all = (of: unknown, name: string): unknown[] => {
  const value = field(of, name);
  return Array.isArray(value) ? value : [];
};

/** The questions in an input, as `adapter/src/question.rs` reads them: in journals, opencode's say `multiple`. */
export const questionsOf = (input: unknown): Question[] =>
  all(input, "questions").map((one) => ({
    text: text(one, "question"),
    header: text(one, "header"),
    several: field(one, "multiSelect") === true || field(one, "multiple") === true,
    options: all(one, "options").map((option) => ({ label: text(option, "label"), about: text(option, "description") })),
  }));

/** To each question its answer; nothing as long as one has none. */
export function answersOf(questions: Question[], chosen: Chosen): Record<string, string> | undefined {
  const answers = questions.map(({ text }): [string, string] => {
    const { labels, other } = chosen[text] ?? NONE;
    return [text, [...labels, other.trim()].filter((part) => part !== "").join(", ")];
  });
  return answers.length > 0 && answers.every(([, answer]) => answer !== "") ? Object.fromEntries(answers) : undefined;
}

interface Props {
  questions: Question[];
  /** Words may go with an option that was chosen. */
  notes: boolean;
  chosen: Chosen;
  set: (chosen: Chosen) => void;
  disabled: boolean;
}

export function Questions({ questions, notes, chosen, set, disabled }: Props) {
  const name = useId();
  return questions.map((question, at) => {
    const now = chosen[question.text] ?? NONE;
    const change = (to: Partial<typeof NONE>) => set({ ...chosen, [question.text]: { ...now, ...to } });
    const toggle = (label: string) => {
      if (!question.several) return change({ labels: [label], other: notes ? now.other : "" });
      change({ labels: now.labels.includes(label) ? now.labels.filter((one) => one !== label) : question.options.map((one) => one.label).filter((one) => one === label || now.labels.includes(one)) });
    };
    return (
      <fieldset key={question.text} disabled={disabled}>
        <legend>
          {question.header !== "" && <span className="cli">{plain(question.header)}</span>} {plain(question.text)}
        </legend>
        {question.options.map(({ label, about }, number) => (
          <label key={label} className="option" data-chosen={now.labels.includes(label)}>
            <input type={question.several ? "checkbox" : "radio"} name={`${name}-${at}`} checked={now.labels.includes(label)} onChange={() => toggle(label)} onClick={() => notes && now.labels.includes(label) && change({ labels: [] })} />
            <span>
              <strong>{plain(label)}</strong>
              {about !== "" && <span className="soft">{plain(about)}</span>}
            </span>
            {questions.length === 1 && number < 9 && <kbd aria-hidden="true">{number + 1}</kbd>}
          </label>
        ))}
        {/* Who writes words of his own has chosen none of the options, unless they may go with one. */}
        <input type="text" aria-label={`${plain(question.text)} In other words`} placeholder={notes ? "Something else, or a note" : "Something else"} maxLength={4_000} value={now.other} onChange={({ target }) => change(question.several || notes ? { other: target.value } : { other: target.value, labels: [] })} />
      </fieldset>
    );
  });
}
