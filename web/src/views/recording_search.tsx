// Looks for a text in the whole recording. Enter searches, Enter again goes to the next hit.
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import * as api from "../api";
import { spoken } from "../replay/clock";
import { patiently } from "../replay/frames";
import type { Player } from "../replay/player";

/** Hits after which the user is asked whether to search on. */
const HITS_AT_ONCE = 200;

interface Props {
  id: string;
  player: Player;
  /** The offset that is shown. */
  offset: number;
  found: Found | undefined;
  setFound: (found: Found | undefined) => void;
  close: () => void;
}

export interface Found extends api.Found {
  text: string;
}

export function RecordingSearch({ id, player, offset, found, setFound, close }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string>();
  // Another question, or none any more: then the present one is not asked on.
  const asked = useRef(0);
  useEffect(() => () => void (asked.current = 0), []);
  const ask = async (text: string, before: Found | undefined) => {
    const question = Date.now();
    asked.current = question;
    const isAsked = () => asked.current === question;
    setBusy(true);
    setTrouble(undefined);
    let so_far = before;
    try {
      do {
        const more: api.Found = await patiently(() => api.search(id, text, so_far?.offset ?? 0), isAsked);
        if (!isAsked()) return;
        const is_first = (so_far?.hits.length ?? 0) === 0;
        so_far = { ...more, hits: [...(so_far?.hits ?? []), ...more.hits], text };
        setFound(so_far);
        if (is_first && more.hits[0] !== undefined) player.jump(more.hits[0].offset, text);
        // A long recording is searched in parts, until there is a page full of hits.
      } while (!so_far.complete && so_far.hits.length - (before?.hits.length ?? 0) < HITS_AT_ONCE);
    } catch (failure) {
      if (!isAsked()) return;
      setTrouble(api.reason(failure));
    }
    setBusy(false);
  };
  const next = (found: Found, back: boolean) => {
    const hit = back ? found.hits.filter((hit) => hit.offset < offset).at(-1) : found.hits.find((hit) => hit.offset > offset);
    const other = hit ?? (back ? found.hits.at(-1) : found.hits[0]);
    if (other !== undefined) player.jump(other.offset, found.text);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Escape") close();
    const text = input.current?.value.trim() ?? "";
    if (event.key !== "Enter" || text === "") return;
    event.preventDefault();
    if (found?.text === text && found.hits.length > 0) next(found, event.shiftKey);
    else void ask(text, undefined);
  };
  return (
    <section className="hits" role="search" aria-label="Search in the recording">
      <div className="ask">
        <input ref={input} autoFocus enterKeyHint="search" aria-label="Text in the recording" placeholder="Search the recording" defaultValue={found?.text} maxLength={100} spellCheck={false} onKeyDown={key} />
        <button type="button" className="quiet" aria-label="Close the search" onClick={close}>
          ×
        </button>
      </div>
      <p className="hint" role="status">
        {trouble ?? (busy ? `Searching …${found === undefined || found.hits.length === 0 ? "" : ` ${found.hits.length} so far`}` : summary(found))}
        {found !== undefined && !found.complete && !busy && (
          <button type="button" className="quiet" onClick={() => void ask(found.text, found)}>
            Search on
          </button>
        )}
      </p>
      <ol>
        {found?.hits.map((hit, at) => (
          <li key={at}>
            <button type="button" aria-current={hit.offset === offset ? "true" : undefined} onClick={() => player.jump(hit.offset, found.text)}>
              <time>{spoken(player.played(hit.time))}</time>
              <span>{marked(hit.line, found.text)}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

function summary(found: Found | undefined): string {
  if (found === undefined) return "Enter searches; capitals count where you write them";
  const hits = found.hits.length === 0 ? "No hit" : found.hits.length === 1 ? "1 hit" : `${found.hits.length} hits`;
  return found.complete ? hits : `${hits} up to here; partial: the rest is not searched`;
}

/** A line with the text in it set off. */
function marked(line: string, text: string) {
  const caps = text !== text.toLowerCase();
  const at = caps ? line.indexOf(text) : line.toLowerCase().indexOf(text.toLowerCase());
  if (at < 0) return line;
  return (
    <>
      {line.slice(0, at)}
      <mark>{line.slice(at, at + text.length)}</mark>
      {line.slice(at + text.length)}
    </>
  );
}
