// A line that is written first and sent as a whole: a paste and its Enter, between which nobody else's typing comes.
import { useState, type FormEvent, type KeyboardEvent } from "react";

/** Returns whether it was sent; what was not stays in the line. */
export function Compose({ send }: { send: (text: string) => boolean }) {
  const [text, setText] = useState("");
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (text !== "" && send(text)) setText("");
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  return (
    <form className="compose" onSubmit={submit}>
      <textarea
        rows={Math.min(4, text.split("\n").length)}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={key}
        aria-label="Message to the program"
        placeholder="Message"
        autoCapitalize="sentences"
        enterKeyHint="send"
      />
      <button type="submit" className="main" disabled={text === ""}>
        Send
      </button>
    </form>
  );
}
