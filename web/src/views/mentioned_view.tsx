// Everything that mentions one thing, such as a file or an error, and what it belongs together with: what fixed it, what it
// failed with. Its address is the search's, with `mention` and `value`.
import { useEffect, useState } from "react";
import * as api from "../api";
import { mentioning, pathOf, relatedTo, type Hit, type Related } from "../conversation/api";
import { plain } from "../conversation/plain";
import { linkTo } from "../route";
import { KIND_NAMES } from "./mentions";
import { Failure, PlaceFrame } from "./place";
import { Found } from "./search_view";

const SHOWN_MAX = 100;

interface Props {
  kind: string;
  value: string;
  leave: (why?: string) => void;
}

export function MentionedView({ kind, value, leave }: Props) {
  const [found, setFound] = useState<{ hits: Hit[]; relations: Related[] }>();
  const [trouble, setTrouble] = useState<string>();
  const [again, setAgain] = useState(0);
  useEffect(() => {
    let over = false;
    setFound(undefined);
    setTrouble(undefined);
    Promise.all([mentioning(kind, value, SHOWN_MAX), relatedTo(kind, value, SHOWN_MAX)]).then(
      ([hits, relations]) => over || setFound({ hits, relations }),
      (failure) => over || api.failing(leave, setTrouble)(failure),
    );
    return () => {
      over = true;
    };
  }, [kind, value, again]);
  const name = KIND_NAMES[kind] ?? kind;
  return (
    <PlaceFrame title="Search">
      <div className="searching">
        <h3 className="mentioned">
          {name} <code>{plain(value)}</code>
        </h3>
        {trouble !== undefined && <Failure why={trouble} again={() => setAgain(again + 1)} />}
        <p className="hint" role="status">
          {trouble === undefined && told(found?.hits)} <a {...linkTo("/search")}>Search</a>
        </p>
        {found !== undefined && found.relations.length > 0 && (
          <ul className="relations" aria-label="What belongs to it">
            {found.relations.map(({ from, kind, to, at }) => (
              <li key={`${at.entry} ${from.value} ${kind} ${to.value}`}>
                <a {...linkTo(pathOf(at.cli, at.conversation, at.entry))}>
                  <code>{plain(from.value)}</code> {kind.replaceAll("_", " ")} <code>{plain(to.value)}</code>
                </a>
              </li>
            ))}
          </ul>
        )}
        <ol className="found" aria-label="Where it comes up">
          {found?.hits.map((hit) => <Found key={`${hit.cli} ${hit.entry} ${hit.snippet}`} hit={hit} />)}
        </ol>
      </div>
    </PlaceFrame>
  );
}

function told(hits: Hit[] | undefined): string {
  if (hits === undefined) return "Looking …";
  if (hits.length === 0) return "Nothing mentions it.";
  if (hits.length === SHOWN_MAX) return `The last ${SHOWN_MAX} times that it came up.`;
  return hits.length === 1 ? "It came up once." : `It came up ${hits.length} times.`;
}
