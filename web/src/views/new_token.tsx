// Makes a token, and shows its secret once.
import { useState, type FormEvent } from "react";
import * as api from "../api";
import { Secret } from "./secret";

/** How long it may hold: words and seconds. */
export const LASTING: [string, number | undefined][] = [
  ["1 hour", 3_600],
  ["12 hours", 43_200],
  ["7 days", 604_800],
  ["30 days", 2_592_000],
  ["as long as this login", undefined],
];

interface Props {
  me: api.Me;
  sessions: api.Session[];
  made: () => void;
}

export function NewToken({ me, sessions, made }: Props) {
  const [making, setMaking] = useState(false);
  const [failure, setFailure] = useState<string>();
  const [result, setResult] = useState<{ secret: string; login: boolean }>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "");
    const login = text("use") === "login";
    const wanted: api.NewToken = { role: text("role") as api.Role, label: text("label").trim(), login };
    if (text("session") !== "") wanted.session = text("session");
    if (text("expires") !== "") wanted.expires_in = Number(text("expires"));
    try {
      const { token } = await api.createToken(wanted);
      setResult({ secret: token, login });
      setMaking(false);
      setFailure(undefined);
      made();
    } catch (failure) {
      setFailure(api.reason(failure));
    }
  };
  if (result !== undefined) {
    const link = `${location.origin}/#login=${result.secret}`;
    return (
      <div className="made">
        <Secret label={result.login ? "Login link" : "Token"} text={result.login ? link : result.secret} note={result.login ? "Shown only now. It lets one browser in, once." : "Shown only now. A program sends it as Authorization: Bearer TOKEN."} />
        <button type="button" className="quiet" onClick={() => setResult(undefined)}>
          Done
        </button>
      </div>
    );
  }
  if (!making) {
    return (
      <button type="button" onClick={() => setMaking(true)}>
        New token
      </button>
    );
  }
  return (
    <form className="fields" aria-label="New token" onSubmit={(event) => void submit(event)} onKeyDown={(event) => event.key === "Escape" && setMaking(false)}>
      <label>
        For
        <input name="label" autoFocus maxLength={100} placeholder="what it is for" autoComplete="off" />
      </label>
      <label>
        Role
        <select name="role" defaultValue="view">
          <option value="view">view: see sessions</option>
          <option value="type">type: also type into them</option>
          <option value="manage">manage: also start and end them</option>
        </select>
      </label>
      <label>
        Opens
        <select name="session" defaultValue="">
          <option value="">{me.session === null ? "all sessions" : "this session"}</option>
          {sessions
            .filter(({ phase }) => phase === "running")
            .map(({ id, name }) => (
              <option key={id} value={id}>
                only {name}
              </option>
            ))}
        </select>
      </label>
      <label>
        Used by
        <select name="use" defaultValue="bearer">
          <option value="bearer">a program</option>
          <option value="login">a browser, by a link</option>
        </select>
      </label>
      <label>
        Holds
        <select name="expires" defaultValue="604800">
          {LASTING.map(([words, seconds]) => (
            <option key={words} value={seconds ?? ""}>
              {words}
            </option>
          ))}
        </select>
      </label>
      {failure !== undefined && (
        <p className="why" role="alert">
          {failure}
        </p>
      )}
      <div className="buttons">
        <button type="button" className="quiet" onClick={() => setMaking(false)}>
          Cancel
        </button>
        <button type="submit" className="main">
          Make it
        </button>
      </div>
    </form>
  );
}
