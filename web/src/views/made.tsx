// What a model made of a conversation, by a background job: always marked as that.
import type { Made, Finding } from "../conversation/api";
import { plain } from "../conversation/plain";
import { linkTo } from "../route";

/** Where an entry of the conversation is shown. */
type PathOf = (entry: string) => string;

/** Says whose words a title is. */
export function ByModel({ made }: { made: Made }) {
  return (
    <span className="by-model" title={`By ${made.model}, which read the conversation`}>
      by a model
    </span>
  );
}

/** Summary, decisions and what is left to do; each of these leads to the entry that says so. */
export function MadeOf({ made, pathOf }: { made: Made; pathOf: PathOf }) {
  if (made.summary === null && made.decisions.length === 0 && made.todos.length === 0) return null;
  return (
    <section className="made" aria-label="By a model">
      {made.summary !== null && <p>{plain(made.summary)}</p>}
      <List name="Decided" told={made.decisions} pathOf={pathOf} />
      <List name="To do" told={made.todos} pathOf={pathOf} />
      <p className="hint">
        By {made.model}, which read the conversation on {new Date(made.time / 1_000).toLocaleDateString()}.
      </p>
    </section>
  );
}

function List({ name, told, pathOf }: { name: string; told: Finding[]; pathOf: PathOf }) {
  if (told.length === 0) return null;
  return (
    <>
      <h3>{name}</h3>
      <ul>
        {told.map(({ entry, text }) => (
          <li key={`${entry} ${text}`}>
            <a {...linkTo(pathOf(entry))}>{plain(text)}</a>
          </li>
        ))}
      </ul>
    </>
  );
}
