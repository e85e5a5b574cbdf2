// A text that is shown once, and copied by a button.
import { useRef, useState } from "react";
import { copy } from "../copy";

export function Secret({ label, text, note }: { label: string; text: string; note: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  const take = async () => {
    // Where there is no clipboard the text is marked, and a key copies it.
    field.current?.select();
    setCopied(await copy(text));
  };
  return (
    <div className="secret">
      <label>
        {label}
        <input ref={field} readOnly value={text} autoFocus onFocus={(event) => event.currentTarget.select()} />
      </label>
      <button type="button" className="main" onClick={() => void take()}>
        {copied ? "Copied" : "Copy"}
      </button>
      <p className="hint" role="status">
        {note}
      </p>
    </div>
  );
}
