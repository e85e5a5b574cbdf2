// Where a session stands, in one word and one colour.

/** The words with a colour of their own; any other is as calm as `running`. */
const KNOWN = new Set(["blocked", "working", "idle", "done", "running", "exited", "lost"]);

export function State({ word }: { word: string }) {
  const failed = word === "error" || word === "limit" || /^(exit |signal)/.test(word) || !/^[a-z]+$/.test(word);
  const kind = KNOWN.has(word) ? word : failed ? "failed" : word === "starting" ? "working" : "running";
  return (
    <span className="state" data-state={kind}>
      {word}
    </span>
  );
}
