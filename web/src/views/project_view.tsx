// A project: its figures, its days, and what people ask of it first.
import { useCallback, useState, type ReactNode } from "react";
import { age } from "../age";
import * as api from "../api";
import { pathOf } from "../conversation/api";
import { titleOf } from "../conversation/plain";
import { useLooks } from "../look";
import { costOf, dollars, project, type Summary } from "../projects";
import { lasting, tokens } from "../quantity";
import { goTo, linkTo } from "../route";
import { Days } from "./days";
import { ByModel } from "./made";
import { Failure } from "./place";

/** Between two looks. */
const LOOK_EVERY_MS = 10_000;
const TITLE_MAX = 140;

export function ProjectView({ id, leave }: { id: string; leave: (why?: string) => void }) {
  const [shown, setShown] = useState<Summary>();
  const [trouble, setTrouble] = useState<string>();
  const look = useCallback(async () => {
    try {
      setShown(await project(id));
      setTrouble(undefined);
    } catch (failure) {
      api.failing(leave, setTrouble)(failure);
    }
  }, [id, leave]);
  useLooks(look, LOOK_EVERY_MS, true);
  return (
    <main className="session place" aria-label={shown?.name ?? "Project"}>
      <header>
        <button type="button" className="quiet back-to" aria-label="To the projects" title="To the projects" onClick={() => goTo("/projects")}>
          ←
        </button>
        <h2>{shown?.name ?? "Project"}</h2>
        <span className="title" title={shown?.root}>
          {shown?.root}
        </span>
      </header>
      <div className="scroll" tabIndex={0} role="region" aria-label="Project, scrollable">
        {trouble !== undefined && <Failure why={trouble} again={() => void look()} />}
        {shown !== undefined && <Figures of={shown} />}
      </div>
    </main>
  );
}

function Figures({ of }: { of: Summary }) {
  const by = (figure: (day: Summary["days"][number]) => number) => new Map(of.days.map((day) => [day.day, figure(day)]));
  const cost = costOf(of);
  const below = (path: string) => (path.startsWith(`${of.root}/`) ? path.slice(of.root.length + 1) : path);
  return (
    <>
      {of.needs.length > 0 && (
        <ul className="waiting" aria-label="Waits for you">
          {of.needs.map((need) => (
            <li key={`${need.session} ${need.since}`}>
              <a {...linkTo(`/s/${encodeURIComponent(need.session)}`)}>{need.name}</a>
              <span>{[need.kind ?? "blocked", need.tool].filter((word) => word !== null).join(": ")}</span>
              <time>{age(need.since, Date.now())}</time>
            </li>
          ))}
        </ul>
      )}
      <div className="figures">
        <dl className="numbers">
          <Fact label="Sessions" value={of.running > 0 ? `${of.sessions}, ${of.running} running` : String(of.sessions)} />
          <Fact label="Conversations" value={of.conversations.toLocaleString("en")} />
          <Fact label="Time" value={lasting(of.active_s)} />
          <Fact label="Tokens" value={tokens(of.tokens)} />
          <Fact label="Cost" value={cost.text} title={cost.title} />
          <Fact label="Last" value={of.last === null ? "–" : age(of.last, Date.now())} />
        </dl>
        <div className="charts">
          <Days title="Time" values={by(({ active_s }) => active_s)} show={lasting} colour="--calm" />
          <Days title="Cost" values={by(({ cost }) => cost)} show={dollars} colour="--ember" />
          <Days title="Tokens" values={by(({ tokens }) => tokens)} show={tokens} colour="--good" />
        </div>
      </div>
      <div className="parts">
        <Part title="Latest conversations" wide empty="None yet.">
          {of.recent.map((one) => (
            <li key={`${one.cli} ${one.name}`}>
              <a {...linkTo(pathOf(one.cli, one.name))} title={one.made?.summary ?? undefined}>
                {titleOf(one, TITLE_MAX)}
              </a>
              {one.made?.is_title && <ByModel made={one.made} />}
              <span className="cli">{one.cli}</span>
              {one.ended !== null && <time>{age(one.ended, Date.now())}</time>}
            </li>
          ))}
        </Part>
        <Part title="Files most touched" empty="None yet.">
          {of.files.map(({ value, times, kind }) => (
            <li key={`${kind} ${value}`}>
              <code title={value}>{below(value)}</code>
              <span>
                {kind === "file_written" ? "written" : "read"} {times}×
              </span>
            </li>
          ))}
        </Part>
        <Part title="Commands that failed" empty="None.">
          {of.failing.map(({ command, runs, failed }) => (
            <li key={command}>
              <code title={command}>{command}</code>
              <span>
                {failed} of {runs}
              </span>
            </li>
          ))}
        </Part>
        <Part title="Cost by model" empty="No request yet.">
          {of.usage.map(({ model, requests, cost }) => (
            <li key={model}>
              <code>{model}</code>
              <span>
                {requests.toLocaleString("en")} {requests === 1 ? "request" : "requests"}, {cost === null ? "no price" : dollars(cost)}
              </span>
            </li>
          ))}
        </Part>
        <Part title="Left to do" empty="Nothing was noted.">
          {of.todos.map(({ value, last }) => (
            <li key={value}>
              <span className="words" title={value}>
                {value}
              </span>
              <time>{age(last, Date.now())}</time>
            </li>
          ))}
        </Part>
      </div>
    </>
  );
}

function Part({ title, empty, wide = false, children }: { title: string; empty: string; wide?: boolean; children: ReactNode[] }) {
  return (
    <section className="part" data-wide={wide} aria-label={title}>
      <h3>{title}</h3>
      {children.length === 0 ? <p className="hint">{empty}</p> : <ul>{children}</ul>}
    </section>
  );
}

function Fact({ label, value, title }: { label: string; value: string; title?: string | undefined }) {
  return (
    <div title={title}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}
