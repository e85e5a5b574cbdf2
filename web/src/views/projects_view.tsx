// All projects, and one of them: what was done, what it cost, what waits for somebody.
import { useCallback, useState } from "react";
import { age } from "../age";
import * as api from "../api";
import { useLooks } from "../look";
import { costOf, pathOfProject, projects, type Project } from "../projects";
import { lasting, tokens } from "../quantity";
import { linkTo, useWholeAddress } from "../route";
import { matches } from "../search";
import { Failure, PlaceFrame } from "./place";
import { ProjectView } from "./project_view";
import "../style/chat.css";
import "../style/projects.css";

/** Between two looks at the list. */
const LOOK_EVERY_MS = 10_000;

interface Props {
  me: api.Me;
  leave: (why?: string) => void;
}

export default function ProjectsView({ me, leave }: Props) {
  const [, , id] = new URL(useWholeAddress(), location.origin).pathname.split("/").map(decodeURIComponent);
  if (me.session !== null) {
    return (
      <PlaceFrame title="Projects">
        <p className="hint">Projects are of all sessions of the server; the link that you came by opens one.</p>
      </PlaceFrame>
    );
  }
  return id === undefined || id === "" ? <All leave={leave} /> : <ProjectView key={id} id={id} leave={leave} />;
}

function All({ leave }: { leave: Props["leave"] }) {
  const [list, setList] = useState<Project[]>();
  const [trouble, setTrouble] = useState<string>();
  const [text, setText] = useState("");
  const look = useCallback(async () => {
    try {
      setList(await projects());
      setTrouble(undefined);
    } catch (failure) {
      api.failing(leave, setTrouble)(failure);
    }
  }, [leave]);
  useLooks(look, LOOK_EVERY_MS, true);
  const fitting = list?.filter((one) => matches(`${one.name} ${one.root}`, text)) ?? [];
  return (
    <PlaceFrame title="Projects" aside={list === undefined ? "" : String(list.length)}>
      <div className="filters" role="search" aria-label="Projects">
        <input type="search" aria-label="Name or folder" placeholder="Name or folder" value={text} spellCheck={false} onChange={(event) => setText(event.target.value)} />
      </div>
      {trouble !== undefined && <Failure why={trouble} again={() => void look()} />}
      {list?.length === 0 && (
        <div className="empty">
          <p>No project yet.</p>
          <p className="hint">
            A project appears with its first session or conversation. <code>centerfire import</code> takes in what AI CLIs did before.
          </p>
        </div>
      )}
      {list !== undefined && list.length > 0 && fitting.length === 0 && <p className="hint">None fits.</p>}
      {fitting.length > 0 && (
        <div className="block projects">
          <table>
            <thead>
              <tr>
                <th>Project</th>
                <th>Last</th>
                <th className="number">Sessions</th>
                <th className="number">Conversations</th>
                <th className="number">Time</th>
                <th className="number">Tokens</th>
                <th className="number">Cost</th>
              </tr>
            </thead>
            <tbody>
              {fitting.map((one) => (
                <Row key={one.id} project={one} />
              ))}
            </tbody>
          </table>
          <p className="hint">Time counts every five minutes in which something was said or done. Costs are by the price list.</p>
        </div>
      )}
    </PlaceFrame>
  );
}

function Row({ project }: { project: Project }) {
  const { id, name, root, last, sessions, running, conversations, active_s, needs } = project;
  const cost = costOf(project);
  return (
    <tr>
      <td>
        <a className="name" {...linkTo(pathOfProject(id))}>
          {name}
        </a>
        {needs.length > 0 && <span className="waits">{needs.length === 1 ? "waits for you" : `${needs.length} wait for you`}</span>}
        <span className="root" title={root}>
          {root}
        </span>
      </td>
      <td data-label="Last">{last === null ? "–" : <time title={new Date(last / 1_000).toLocaleString()}>{age(last, Date.now())}</time>}</td>
      <td className="number" data-label="Sessions">
        {sessions}
        {running > 0 && <span className="runs"> · {running} running</span>}
      </td>
      <td className="number" data-label="Conversations">
        {conversations.toLocaleString("en")}
      </td>
      <td className="number" data-label="Time">
        {lasting(active_s)}
      </td>
      <td className="number" data-label="Tokens">
        {tokens(project.tokens)}
      </td>
      <td className="number" data-label="Cost" title={cost.title}>
        {cost.text}
      </td>
    </tr>
  );
}
