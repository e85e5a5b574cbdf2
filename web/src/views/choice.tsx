// One of some values, or any.
import "../style/chat.css";

interface Props {
  label: string;
  any: string;
  title?: string;
  value: string;
  /** Values, with the words for them where they are others. */
  values: readonly (string | readonly [string, string])[];
  set: (value: string) => void;
}

export function Choice({ label, any, title, value, values, set }: Props) {
  return (
    <select aria-label={label} title={title} value={value} onChange={(event) => set(event.target.value)}>
      <option value="">{any}</option>
      {values.map((value) => {
        const [is, shown] = typeof value === "string" ? [value, value] : value;
        return (
          <option key={is} value={is}>
            {shown}
          </option>
        );
      })}
    </select>
  );
}
