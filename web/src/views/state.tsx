// Where a session stands, in one word and one colour.

/** The words with a colour of their own; any other is as calm as `running`. */
const KNOWN = new Set(["blocked", "working", "idle", "done", "running", "exited", "imported", "lost"]);
/** Somebody ended it: by `kill`, by closing its terminal, or by Ctrl+C. A shell tells the same of its program by a code. */
const ENDED = /^(signal (HUP|INT|TERM)|exit (129|130|143))$/;

export function State({ word }: { word: string }) {
  const failed = word === "error" || word === "limit" || /^(exit |signal)/.test(word) || !/^[a-z]+$/.test(word);
  const kind = KNOWN.has(word) ? word : ENDED.test(word) ? "exited" : failed ? "failed" : word === "starting" ? "working" : "running";
  return (
    <span className="state" data-state={kind}>
      {word}
    </span>
  );
}
