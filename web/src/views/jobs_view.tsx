// What a model was asked about conversations in the background: what it costs, what waits, what failed and why.
import { useCallback, useMemo, useState, type ReactNode } from "react";
import { age } from "../age";
import * as api from "../api";
import { pathOf } from "../conversation/api";
import { plain, titleOf } from "../conversation/plain";
import { jobs, retryJobs, runJobs, type Job, type Jobs } from "../jobs";
import { useLooks } from "../look";
import { precisely } from "../quantity";
import { linkTo } from "../route";
import { Failure, PlaceFrame } from "./place";
import "../style/jobs.css";

/** Between two looks. */
const EVERY_MS = 2_000;
const TITLE_MAX = 120;

interface Props {
  me: api.Me;
  leave: (why?: string) => void;
}

export default function JobsView({ me, leave }: Props) {
  const [seen, setSeen] = useState<Jobs>();
  const [failure, setFailure] = useState<string>();
  const failed = useMemo(() => api.failing(leave, setFailure), [leave]);
  const look = useCallback(async () => {
    try {
      setSeen(await jobs());
      setFailure(undefined);
    } catch (failure) {
      failed(failure);
    }
  }, [failed]);
  const allowed = me.session === null;
  useLooks(look, EVERY_MS, allowed);
  if (!allowed) {
    return (
      <PlaceFrame title="Jobs">
        <p className="hint">Jobs are of all conversations of the server; the link that you came by opens one session.</p>
      </PlaceFrame>
    );
  }
  const manages = me.role === "manage";
  const act = (what: Promise<unknown>) => void what.then(look, failed);
  return (
    <PlaceFrame title="Jobs" aside={seen && word(seen)}>
      {failure !== undefined && <Failure why={`${failure[0]?.toUpperCase()}${failure.slice(1)}.`} again={() => void look()} />}
      {seen !== undefined && (
        <>
          <Now seen={seen} manages={manages} act={act} />
          <Latest list={seen.latest} manages={manages} act={act} />
        </>
      )}
    </PlaceFrame>
  );
}

function word({ state, running, why, asked }: Jobs): string {
  if (state === "off") return "off";
  if (state === "wrong") return "needs a change";
  if (running !== null) return "running";
  return why !== null ? "stopped" : asked > 0 ? "running" : "on";
}

type Act = (what: Promise<unknown>) => void;

function Now({ seen, manages, act }: { seen: Jobs; manages: boolean; act: Act }) {
  const { state, why, until, model, endpoint, kinds, budget, spent, resets, running, waiting, done, failed, asked, latest } = seen;
  const made = kinds === null ? "" : [kinds.titles && "titles", kinds.summaries && "summaries", kinds.extraction && "decisions and things to do"].filter(Boolean).join(", ");
  const now = running === null ? undefined : latest.find(({ cli, conversation }) => cli === running.cli && conversation === running.conversation);
  return (
    <section className="block jobs-now" aria-label="Now">
      <dl className="numbers">
        <Fact label="To do">{waiting.toLocaleString("en")}</Fact>
        <Fact label="Done">{done.toLocaleString("en")}</Fact>
        <Fact label="Given up">{failed.toLocaleString("en")}</Fact>
        <Fact label="Spent today">
          {precisely(spent)}
          {budget !== null && <span className="of"> of {precisely(budget)}</span>}
        </Fact>
        {budget !== null && <Fact label="Left">{precisely(Math.max(budget - spent, 0))}</Fact>}
      </dl>
      {budget !== null && (
        <div className="budget" role="meter" aria-label="Budget of the day, used" aria-valuemin={0} aria-valuemax={100} aria-valuenow={share(spent, budget)} aria-valuetext={`${precisely(spent)} of ${precisely(budget)}`}>
          <span style={{ width: `${share(spent, budget)}%` }} />
        </div>
      )}
      {state === "off" && <Off />}
      {state !== "off" && why !== null && (
        <p className="trouble" role="status">
          <span>
            {state === "on" && <strong>Stopped. </strong>}
            {sentence(plain(why))}
            {until !== null && <> Until {clock(until)}.</>}
          </span>
        </p>
      )}
      {running !== null && (
        <p role="status">
          Reads now: <a {...linkTo(pathOf(running.cli, running.conversation))}>{nameOf(now ?? { ...running, title: null })}</a>
        </p>
      )}
      {manages && state === "on" && (
        <p className="acts">
          <button type="button" disabled={waiting === 0 || asked > 0} title="Also conversations that are not over yet" onClick={() => act(runJobs())}>
            {asked > 0 ? `${asked} to go …` : "Do now what is to do"}
          </button>
          {failed > 0 && (
            <button type="button" onClick={() => act(retryJobs())}>
              Try all again
            </button>
          )}
        </p>
      )}
      {state === "on" && (
        <p className="hint">
          {model} at <code>{endpoint}</code> makes {made} of conversations that are over. The next day's budget begins at {clock(resets)}. Without <code>jobs.endpoint</code> and <code>jobs.key_env</code> in{" "}
          <code>centerfire.yaml</code> it is off from the server's next start on.
        </p>
      )}
    </section>
  );
}

/** How it is turned on. */
function Off() {
  return (
    <div className="off">
      <p>
        <strong>Off.</strong> Nothing is sent anywhere. A model can read conversations that are over, and give them titles and summaries, within a daily budget. To turn it on, write into <code>centerfire.yaml</code>:
      </p>
      <pre tabIndex={0} aria-label="Example">{`jobs:
  key_env: CENTERFIRE_KEY   # the variable that holds the key
  # endpoint: http://127.0.0.1:8080   # or a server of your own
  daily_budget: 1.00        # US dollars`}</pre>
      <p className="hint">
        Then start the server again, with the variable set. <code>docs/jobs.md</code> says what is sent, and what it costs.
      </p>
    </div>
  );
}

function Latest({ list, manages, act }: { list: Job[]; manages: boolean; act: Act }) {
  if (list.length === 0) return <p className="hint">No conversation was read by a model yet.</p>;
  return (
    <section className="block jobs" aria-labelledby="latest">
      <h3 id="latest">
        Latest <span>{list.length}</span>
      </h3>
      <table>
        <thead>
          <tr>
            <th>Conversation</th>
            <th>State</th>
            <th>When</th>
            <th className="number">Cost</th>
            {manages && (
              <th>
                <span className="unseen">Try again</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {list.map((job) => (
            <Row key={`${job.cli} ${job.conversation}`} job={job} manages={manages} act={act} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

const WORDS: Record<Job["state"], string> = { running: "reads now", done: "done", waits: "waits", failed: "given up" };

function Row({ job, manages, act }: { job: Job; manages: boolean; act: Act }) {
  const { cli, conversation, state, cost, model, tries, why, time, again } = job;
  const name = nameOf(job);
  return (
    <tr>
      <td>
        <a className="name" {...linkTo(pathOf(cli, conversation))}>
          {name}
        </a>
        <span className="soft under-name">
          {cli}
          {model !== null && ` · ${model}`}
        </span>
        {why !== null && <span className="why">{sentence(plain(why))}</span>}
      </td>
      <td data-label="State">
        <span className="job-state" data-state={state}>
          {WORDS[state]}
        </span>
        {(state === "waits" || state === "failed") && tries > 0 && <span className="soft"> {tries === 1 ? "1 try" : `${tries} tries`}</span>}
        {again !== null && <span className="soft"> at {clock(again)}</span>}
      </td>
      <td data-label="When">
        <time title={new Date(time / 1_000).toLocaleString()}>{age(time, Date.now())}</time>
      </td>
      <td className="number" data-label="Cost">
        {precisely(cost)}
      </td>
      {manages && (
        <td className="act">
          {(state === "failed" || state === "waits") && (
            <button type="button" className="quiet" aria-label={`Try again: ${name}`} onClick={() => act(retryJobs(conversation))}>
              Try again
            </button>
          )}
        </td>
      )}
    </tr>
  );
}

const nameOf = ({ title, conversation }: { title: string | null; conversation: string }) => titleOf({ title, name: conversation }, TITLE_MAX);

/** In percent, as a meter has it. */
const share = (spent: number, budget: number) => (budget === 0 ? 100 : Math.min(Math.round((spent / budget) * 100), 100));

const clock = (time: number) => new Date(time / 1_000).toLocaleString([], { weekday: "short", hour: "2-digit", minute: "2-digit" });

/** An address is no word that begins a sentence. */
const sentence = (why: string) => `${why.startsWith("http") ? why[0] : (why[0]?.toUpperCase() ?? "")}${why.slice(1).replaceAll("`", "")}.`;

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
