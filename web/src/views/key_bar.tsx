// The keys that a phone's keyboard lacks. Their bytes are the host's business: it knows which modes the program set.

interface Props {
  press: (key: string) => void;
  /** Whether the next key is pressed with Ctrl. */
  ctrl: boolean;
  setCtrl: (ctrl: boolean) => void;
}

/** What stands on a key, what it is called, and its name in `centerfire send --key`. */
const KEYS: [string, string, string][] = [
  ["Esc", "Esc", "Escape"],
  ["Tab", "Tab", "Tab"],
  ["←", "Left", "Left"],
  ["↑", "Up", "Up"],
  ["↓", "Down", "Down"],
  ["→", "Right", "Right"],
  ["⇧⏎", "Shift and Enter", "S-Enter"],
  ["⏎", "Enter", "Enter"],
];

export function KeyBar({ press, ctrl, setCtrl }: Props) {
  const keys = KEYS.map(([shown, label, key]) => (
    <button key={key} type="button" aria-label={label} onPointerDown={keepFocus} onClick={() => press(key)}>
      {shown}
    </button>
  ));
  keys.splice(
    2,
    0,
    <button key="ctrl" type="button" aria-pressed={ctrl} onPointerDown={keepFocus} onClick={() => setCtrl(!ctrl)}>
      Ctrl
    </button>,
  );
  return (
    <div className="keys" role="toolbar" aria-label="Keys">
      {keys}
    </div>
  );
}

/** The keyboard on the glass stays as it is. */
function keepFocus(event: React.PointerEvent): void {
  event.preventDefault();
}
