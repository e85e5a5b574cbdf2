// What changes or ends a session, each in a dialog of its own: nothing of it is done by one key or one touch.
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";
import * as api from "../api";

/** What is asked. */
export type Change = "rename" | "end" | "remove";

interface Props {
  change: Change;
  id: string;
  name: string;
  close: () => void;
  /** Where to go when the session is removed. */
  removed: () => void;
}

export function SessionChange({ change, id, name, close, removed }: Props) {
  switch (change) {
    case "rename":
      return (
        <Asking title="Rename" name={name} verb="Rename" act={(form) => api.rename(id, String(form.get("name")).trim())} close={close}>
          <label>
            Name
            <input name="name" required defaultValue={name} autoComplete="off" autoCapitalize="off" spellCheck={false} />
          </label>
        </Asking>
      );
    case "end":
      return (
        <Asking title="End" name={name} verb="End it" danger act={() => api.kill(id)} close={close}>
          <p className="hint">Its program is told to end, and killed if it does not. What it wrote stays in the recording.</p>
        </Asking>
      );
    case "remove":
      return (
        <Asking title="Remove" name={name} verb="Remove it" danger act={() => api.remove(id).then(removed)} close={close}>
          <p className="hint">The session and its recording are deleted. Nothing brings them back.</p>
        </Asking>
      );
  }
}

interface AskingProps {
  title: string;
  name: string;
  verb: string;
  danger?: boolean;
  act: (form: FormData) => Promise<unknown>;
  close: () => void;
  children: ReactNode;
}

function Asking({ title, name, verb, danger = false, act, close, children }: AskingProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  // The first thing in it has the focus: the field, or the way out.
  useEffect(() => {
    dialog.current?.showModal();
    dialog.current?.querySelector("input")?.select();
  }, []);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    try {
      await act(new FormData(event.currentTarget));
      dialog.current?.close();
    } catch (failure) {
      setFailure(api.reason(failure));
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="change" onClose={close}>
      <h2 id="change">
        {title} <span>{name}</span>
      </h2>
      <form className="fields" onSubmit={(event) => void submit(event)}>
        {children}
        {failure !== undefined && (
          <p className="why" role="alert">
            {failure}
          </p>
        )}
        <div className="buttons">
          <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" className={danger ? "danger" : "main"} disabled={busy}>
            {verb}
          </button>
        </div>
      </form>
    </dialog>
  );
}
