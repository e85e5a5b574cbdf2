// All conversations that are kept, also those that were held before Centerfire was there; and one of them.
import { useEffect, useMemo, useState } from "react";
import { age } from "../age";
import * as api from "../api";
import { conversations, pathOf, type Conversation } from "../conversation/api";
import { onChanged } from "../conversation/feed";
import { brief, titleOf } from "../conversation/plain";
import { goTo, linkTo, useWholeAddress } from "../route";
import { matches } from "../search";
import { Chat } from "./chat";
import { Choice } from "./choice";
import { ByModel } from "./made";
import { Failure, PlaceFrame } from "./place";

/** Conversations that are asked for, and those that are shown at once. */
const LIST_MAX = 1_000;
const SHOWN_MAX = 200;
const TITLE_MAX = 200;
const SUMMARY_MAX = 240;
/** Between two looks at the list, while something comes to conversations. */
const LOOK_EVERY_MS = 1_000;

interface Props {
  me: api.Me;
  leave: (why?: string) => void;
}

export default function ConversationsView({ me, leave }: Props) {
  const address = new URL(useWholeAddress(), location.origin);
  const [, , cli, name] = address.pathname.split("/").map(decodeURIComponent);
  const entry = address.hash === "" ? undefined : decodeURIComponent(address.hash.slice(1));
  if (cli !== undefined && name !== undefined) return <One key={`${address.pathname}${address.hash}`} cli={cli} name={name} entry={entry} me={me} leave={leave} />;
  return <All me={me} leave={leave} />;
}

function One({ cli, name, entry, me, leave }: { cli: string; name: string; entry: string | undefined } & Props) {
  return (
    <main className="session conversation" aria-label="Conversation">
      <Chat
        cli={cli}
        name={name}
        me={me}
        leave={leave}
        entry={entry}
        back={
          <button type="button" className="quiet back-to" aria-label="To the conversations" title="To the conversations" onClick={() => goTo("/conversations")}>
            ←
          </button>
        }
      />
    </main>
  );
}

function All({ me, leave }: Props) {
  const [list, setList] = useState<Conversation[]>();
  const [trouble, setTrouble] = useState<string>();
  const [cli, setCli] = useState("");
  const [folder, setFolder] = useState("");
  const [text, setText] = useState("");
  const look = () => conversations(LIST_MAX).then((list) => (setList(list), setTrouble(undefined)), api.failing(leave, setTrouble));
  useEffect(() => {
    let timer: number | undefined;
    void look();
    const unhear = onChanged(me, () => {
      timer ??= window.setTimeout(() => {
        timer = undefined;
        void look();
      }, LOOK_EVERY_MS);
    });
    return () => {
      unhear();
      clearTimeout(timer);
    };
  }, []);
  const clis = useMemo(() => unique(list?.map(({ cli }) => cli)), [list]);
  const folders = useMemo(() => unique(list?.flatMap(({ cwd }) => cwd ?? [])), [list]);
  const fitting = list?.filter((one) => (cli === "" || one.cli === cli) && (folder === "" || one.cwd === folder) && matches(`${one.title ?? ""} ${one.name} ${one.cwd ?? ""} ${one.branch ?? ""}`, text)) ?? [];
  return (
    <PlaceFrame title="Conversations" aside={list === undefined ? "" : list.length === LIST_MAX ? `the newest ${LIST_MAX}` : String(list.length)}>
      <div className="filters" role="search" aria-label="Conversations">
        <input type="search" aria-label="Title, folder or branch" placeholder="Title, folder or branch" value={text} spellCheck={false} onChange={(event) => setText(event.target.value)} />
        <Choice label="CLI" any="Every CLI" value={cli} values={clis} set={setCli} />
        <Choice label="Folder" any="Every folder" value={folder} values={folders} set={setFolder} />
        <a {...linkTo(`/search${text.trim() === "" ? "" : `?q=${encodeURIComponent(text.trim())}`}`)}>Search what was said</a>
      </div>
      {trouble !== undefined && <Failure why={trouble} again={() => void look()} />}
      {list?.length === 0 && (
        <div className="empty">
          <p>No conversation yet.</p>
          <p className="hint">
            Those of AI CLIs on this machine appear here by themselves. <code>centerfire import</code> takes in what is there already.
          </p>
        </div>
      )}
      {list !== undefined && list.length > 0 && fitting.length === 0 && <p className="hint">None fits. Fewer letters or filters find more.</p>}
      <ul className="cards">
        {fitting.slice(0, SHOWN_MAX).map((one) => (
          <Card key={`${one.cli} ${one.name}`} conversation={one} />
        ))}
      </ul>
      {fitting.length > SHOWN_MAX && <p className="hint">{(fitting.length - SHOWN_MAX).toLocaleString("en")} more; a letter more finds them.</p>}
    </PlaceFrame>
  );
}

function Card({ conversation }: { conversation: Conversation }) {
  const { cli, name, cwd, branch, started, ended, sessions, entry_count, usage, made } = conversation;
  const last = ended ?? started;
  return (
    <li>
      <a className="card-of" {...linkTo(pathOf(cli, name))}>
        <span className="card-title">{titleOf(conversation, TITLE_MAX)}</span>
        {made?.summary != null && <span className="card-summary">{brief(made.summary, SUMMARY_MAX)}</span>}
        <span className="card-facts">
          {made?.is_title && <ByModel made={made} />}
          <span className="cli">{cli}</span>
          {cwd !== null && (
            <span className="folder" title={cwd}>
              {cwd}
              {branch !== null && ` (${branch})`}
            </span>
          )}
          <span>{entry_count === 1 ? "1 entry" : `${entry_count.toLocaleString("en")} entries`}</span>
          {usage.map(({ model }) => (
            <span key={model} className="model">
              {model}
            </span>
          ))}
          {sessions.length > 0 && <span className="kept">recorded</span>}
          {last !== null && <time title={new Date(last / 1_000).toLocaleString()}>{age(last, Date.now())}</time>}
        </span>
      </a>
    </li>
  );
}

const unique = (values: string[] | undefined) => [...new Set(values)].sort();
