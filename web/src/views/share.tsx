// A link that opens one session to somebody else's browser.
import { useEffect, useRef, useState, type FormEvent } from "react";
import * as api from "../api";
import { LASTING } from "./new_token";
import { Secret } from "./secret";

interface Props {
  id: string;
  name: string;
  close: () => void;
}

export function Share({ id, name, close }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [link, setLink] = useState<string>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "");
    try {
      const made = await api.share(id, { role: text("role") as api.Role, expires_in: Number(text("expires")), label: text("label").trim() });
      setLink(location.origin + made.path);
    } catch (failure) {
      setFailure(api.reason(failure));
    }
  };
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="share" onClose={close}>
      <h2 id="share">
        Share <span>{name}</span>
      </h2>
      {link === undefined ? (
        <form className="fields" onSubmit={(event) => void submit(event)}>
          <label>
            May
            <select name="role" defaultValue="view" autoFocus>
              <option value="view">watch only</option>
              <option value="type">watch and type</option>
            </select>
          </label>
          <label>
            Holds
            <select name="expires" defaultValue="3600">
              {LASTING.filter(([, seconds]) => seconds !== undefined).map(([words, seconds]) => (
                <option key={words} value={seconds}>
                  {words}
                </option>
              ))}
            </select>
          </label>
          <label>
            For
            <input name="label" maxLength={100} placeholder="whom it is for" autoComplete="off" />
          </label>
          {failure !== undefined && (
            <p className="why" role="alert">
              {failure}
            </p>
          )}
          <p className="hint">The link opens this session and nothing else, to one browser, once. When its time is over, so is what it opened.</p>
          <div className="buttons">
            <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="submit" className="main">
              Make link
            </button>
          </div>
        </form>
      ) : (
        <>
          <Secret label="Link" text={link} note="Shown only now. “Access” lists it, and ends it sooner." />
          <div className="buttons">
            <button type="button" className="quiet" onClick={() => dialog.current?.close()}>
              Done
            </button>
          </div>
        </>
      )}
    </dialog>
  );
}
