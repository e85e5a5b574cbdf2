// What a tool's call and its result mention: each leads to where else it comes up.
import { useEffect, useState } from "react";
import { mentioned, type Mentioned } from "../conversation/api";
import { brief, plain } from "../conversation/plain";
import { linkTo } from "../route";

const SHOWN_MAX = 12;
const BRIEF_MAX = 80;
/** What leads somewhere, the most telling first. */
const KINDS = ["error", "file_written", "file_read", "symbol", "command", "decision"];

/** Where the search shows everything that mentions a thing. */
const pathTo = (kind: string, value: string) => `/search?${new URLSearchParams({ mention: kind.startsWith("file") ? "file" : kind, value })}`;

export function Mentions({ entries }: { entries: string[] }) {
  const [list, setList] = useState<Mentioned[]>([]);
  const key = entries.join(" ");
  useEffect(() => {
    let over = false;
    // Without the links the call is shown all the same.
    Promise.all(entries.map(mentioned)).then(
      (lists) => over || setList(shown(lists.flat())),
      () => {},
    );
    return () => {
      over = true;
    };
  }, [key]);
  if (list.length === 0) return null;
  return (
    <p className="mentions">
      Elsewhere:{" "}
      {list.map(({ kind, value }) => (
        <a key={`${kind} ${value}`} {...linkTo(pathTo(kind, value))} title={`${KIND_NAMES[kind] ?? kind}: ${plain(value)}`}>
          {brief(value, BRIEF_MAX)}
        </a>
      ))}
    </p>
  );
}

export const KIND_NAMES: Record<string, string> = { file: "File", file_written: "File", file_read: "File", symbol: "Symbol", command: "Command", error: "Error", decision: "Decision", url: "Address", todo: "To do" };

function shown(all: Mentioned[]): Mentioned[] {
  const known = all.filter(({ kind }) => KINDS.includes(kind));
  return known.sort((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind)).slice(0, SHOWN_MAX);
}
