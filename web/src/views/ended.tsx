// What there is to do with a session that has ended, below its last screen: no line of it is covered.

interface Props {
  exit: unknown;
  imported: boolean;
  /** The command that takes its conversation up again, in that folder. */
  resume: string | undefined;
  cwd: string | undefined;
  replay: () => void;
  /** Starts the same again, for whoever may. */
  again: (() => void) | undefined;
}

export function Ended({ exit, imported, resume, cwd, replay, again }: Props) {
  return (
    <div className="ended">
      <p role="status">
        {imported ? "A recording that was imported." : `The program has ended (${ending(exit)}).`}
        {resume !== undefined && (
          <>
            {" "}
            <code>{resume}</code> in <code>{cwd}</code> takes its conversation up again.
          </>
        )}
      </p>
      <button type="button" className="main" onClick={replay} title="Play the recording (Ctrl+Shift+H in the terminal)">
        Replay
      </button>
      {again !== undefined && (
        <button type="button" onClick={again} title="Start the same command in the same folder">
          Start again
        </button>
      )}
    </div>
  );
}

function ending(exit: unknown): string {
  if (typeof exit === "object" && exit !== null) {
    if ("code" in exit) return `code ${String(exit.code)}`;
    if ("signal" in exit) return `signal ${String(exit.signal)}`;
  }
  return "nobody knows how";
}
