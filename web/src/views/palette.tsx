// Everything by its name: Ctrl+K, then a few letters, then Enter.
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import type { Command } from "../commands";
import { matches } from "../search";

/** Commands that are shown at once; a letter more finds the rest. */
const SHOWN_MAX = 50;

interface Props {
  commands: Command[];
  /** What can be done with any words: the last of all. */
  otherwise: (words: string) => Command;
  /** Also runs after a command. */
  close: () => void;
}

export function Palette({ commands, otherwise, close }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState("");
  const [chosen, setChosen] = useState(0);
  const list = useId();
  const words = text.trim();
  const found = commands.filter(({ label, hint }) => matches(`${label} ${hint ?? ""}`, text)).slice(0, SHOWN_MAX);
  if (words !== "") found.push(otherwise(words));
  const at = Math.min(chosen, found.length - 1);
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    document.getElementById(`${list}-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [list, at]);
  // The dialog tells of its end a moment later: a key that asks for it anew may come before.
  const leave = () => {
    dialog.current?.close();
    close();
  };
  const run = (command: Command | undefined) => {
    if (command === undefined) return;
    // First the focus goes back to where it was, then the command moves it.
    leave();
    command.run();
  };
  const key = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (step !== undefined && found.length > 0) setChosen((at + step + found.length) % found.length);
    else if (event.key === "Enter") run(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} className="palette" aria-label="Commands" onCancel={leave} onClose={close} onClick={(event) => event.target === dialog.current && leave()}>
      <input
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={at >= 0 ? `${list}-${at}` : undefined}
        aria-autocomplete="list"
        aria-label="Go to a session, or do something"
        placeholder="Go to a session, or do something"
        autoFocus
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setChosen(0);
        }}
        onKeyDown={key}
      />
      <ul id={list} role="listbox" aria-label="Commands">
        {found.map((command, index) => (
          <li key={`${command.label} ${command.hint ?? ""} ${index}`} id={`${list}-${index}`} role="option" aria-selected={index === at} onPointerMove={() => setChosen(index)} onClick={() => run(command)}>
            <span className="what">{command.label}</span>
            <span className="soft">{command.hint}</span>
          </li>
        ))}
      </ul>
      {words !== "" && found.length === 1 && (
        <p className="hint" role="status">
          Nothing is called so.
        </p>
      )}
    </dialog>
  );
}
