// A text that is shown once, and copied by a button.
import { useRef, useState } from "react";
import { copy } from "../copy";

export function Secret({ label, text, note }: { label: string; text: string; note: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState(false);
  const take = async () => {
    // Where there is no clipboard the text is marked, and a key copies it.
    mark(field.current);
    setCopied(await copy(text));
  };
  return (
    <div className="secret">
      <label>
        {label}
        <input ref={field} readOnly value={text} autoFocus onFocus={(event) => mark(event.currentTarget)} />
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

/** Marks all of it, and shows its beginning: whose it is says more than the secret behind it. */
function mark(field: HTMLInputElement | null): void {
  field?.setSelectionRange(0, field.value.length, "backward");
  field?.scrollTo({ left: 0 });
}
