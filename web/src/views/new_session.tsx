// Starts a session.
import { useEffect, useState, type FormEvent } from "react";
import * as api from "../api";
import { projects } from "../projects";
import { words } from "../words";

interface Props {
  /** Where the latest session was started: the next one is, too, if nothing else is said. */
  latest: string | undefined;
  made: (session: api.Session) => void;
  cancel: () => void;
}

export function NewSession({ latest, made, cancel }: Props) {
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [folders, setFolders] = useState<string[]>([]);
  useEffect(() => {
    // Without the list a folder is written by hand.
    projects().then((list) => setFolders(list.map(({ root }) => root)), () => {});
  }, []);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    setBusy(true);
    try {
      const wanted: api.NewSession = { command: words(text("command")) };
      if (text("name") !== "") wanted.name = text("name");
      const cwd = text("cwd") || latest;
      if (cwd !== undefined) wanted.cwd = cwd;
      made(await api.create(wanted));
    } catch (failure) {
      setFailure(api.reason(failure));
      setBusy(false);
    }
  };
  const key = (event: React.KeyboardEvent) => {
    if (event.key === "Escape") cancel();
  };
  const plain = { autoComplete: "off", autoCapitalize: "off", autoCorrect: "off", spellCheck: false } as const;
  return (
    <form onSubmit={(event) => void submit(event)} onKeyDown={key} aria-label="New session">
      <label>
        Command
        <input name="command" required autoFocus placeholder="claude" {...plain} />
      </label>
      <label>
        Name
        <input name="name" placeholder="chosen for you" {...plain} />
      </label>
      <label>
        Folder
        <input name="cwd" placeholder={latest ?? "your home"} title={`A path, ~ is your home; empty: ${latest ?? "your home"}`} list="folders" {...plain} />
        <datalist id="folders">
          {folders.map((folder) => (
            <option key={folder} value={folder} />
          ))}
        </datalist>
      </label>
      {failure !== undefined && (
        <p className="why" role="alert">
          {failure}
        </p>
      )}
      <div className="buttons">
        <button type="button" className="quiet" onClick={cancel}>
          Cancel
        </button>
        <button type="submit" className="main" disabled={busy}>
          Start
        </button>
      </div>
    </form>
  );
}
