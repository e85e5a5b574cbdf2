// How the server is, now and in the last hour.
import { useCallback, useRef, useState } from "react";
import * as api from "../api";
import { useLooks } from "../look";
import { bytes, lasting, short } from "../quantity";
import { Chart, type Series } from "./chart";
import { Failure, PlaceFrame } from "./place";

interface Seen {
  health: api.Health;
  every_s: number;
  kept: number;
  samples: api.Sample[];
}

/** What a chart is wide at least, in time. */
const SPAN_MIN_S = 300;

/** States of running sessions with a colour of their own, as they have it elsewhere where lines can be told apart by it; the rest is counted together. */
const STATES: [string, string][] = [
  ["working", "--ember"],
  ["blocked", "--text"],
  ["done", "--good"],
  ["running", "--calm"],
  ["idle", "--soft"],
  ["error", "--bad"],
];

export default function HealthView({ me, sessions, leave }: { me: api.Me; sessions: api.Session[]; leave: (why?: string) => void }) {
  const [seen, setSeen] = useState<Seen>();
  const [failure, setFailure] = useState<string>();
  const last = useRef<api.Sample[]>([]);
  const look = useCallback(async () => {
    try {
      const [health, more] = await Promise.all([api.health(), api.history(last.current.at(-1)?.time ?? 0)]);
      const newest = last.current.at(-1)?.time ?? 0;
      last.current = [...last.current, ...more.samples.filter(({ time }) => time > newest)].slice(-more.kept);
      setSeen({ health, every_s: more.every_s, kept: more.kept, samples: last.current });
      setFailure(undefined);
    } catch (failure) {
      api.failing(leave, setFailure)(failure);
    }
  }, [leave]);
  const every_s = seen?.every_s ?? 10;
  const allowed = me.session === null;
  useLooks(look, every_s * 1_000, allowed);
  if (!allowed) {
    return (
      <PlaceFrame title="Health">
        <p className="hint">The figures are of all sessions of the server; the link that you came by opens one.</p>
      </PlaceFrame>
    );
  }
  return (
    <PlaceFrame title="Health">
      {failure !== undefined && <Failure why={`Not up to date: ${failure}.`} again={() => void look()} />}
      {seen !== undefined && <Figures seen={seen} stale={failure !== undefined} sessions={sessions} />}
    </PlaceFrame>
  );
}

function Figures({ seen, stale, sessions }: { seen: Seen; stale: boolean; sessions: api.Session[] }) {
  const { health, samples, every_s, kept } = seen;
  if (samples.length === 0) {
    return <p className="hint">The server has just begun; its first figures are there in a moment, then every {every_s} s.</p>;
  }
  const times = samples.map(({ time }) => time);
  const of = (label: string, colour: string, value: (sample: api.Sample) => number | null): Series => ({ label, colour, values: samples.map(value) });
  const others = (sample: api.Sample) =>
    Object.entries(sample.states).reduce((sum, [state, count]) => (STATES.some(([known]) => known === state) ? sum : sum + count), 0);
  // A server that is young has its minutes drawn as wide as an old one its hour.
  const old = (times.at(-1) ?? 0) - (times[0] ?? 0);
  const span = Math.min(Math.max(old, SPAN_MIN_S * 1_000_000), kept * every_s * 1_000_000);
  const common = { times, span, step: every_s * 1_000_000 };
  const states = [...STATES.map(([state, colour]) => of(state, colour, ({ states }) => states[state] ?? 0)), of("other", "--line", others)];
  const there = states.filter(({ values }) => values.some((value) => value !== 0));
  const running = sessions.filter(({ phase }) => phase === "running").length;
  const whole = (value: number) => String(Math.round(value));
  const rate = (value: number) => `${short(value)}/s`;
  const flow = (value: number) => `${bytes(value)}/s`;
  const time = (value: number) => `${short(value)} ms`;
  return (
    <div className="figures" data-stale={stale}>
      <dl className="numbers">
        <Fact label="Server" value={stale ? "away" : health.status} />
        <Fact label="Version" value={health.version} />
        <Fact label="Up for" value={lasting(health.uptime_s)} />
        <Fact label="Running" value={whole(running)} />
        <Fact label="Ended" value={whole(sessions.length - running)} />
      </dl>
      <div className="charts">
        <Chart {...common} title="Running sessions" series={there.length > 0 ? there : [of("none", "--soft", () => 0)]} show={whole} />
        <Chart {...common} title="Output" series={[of("written", "--ember", (s) => s.written_rate), of("sent", "--calm", (s) => s.sent_rate)]} show={flow} />
        <Chart {...common} title="Clients" series={[of("connected", "--calm", (s) => s.connections)]} show={whole} />
        <Chart {...common} title="Requests" series={[of("answered", "--good", (s) => s.request_rate)]} show={rate} />
        <Chart {...common} title="Time to answer" series={[of("mean", "--good", (s) => s.latency_ms), of("slowest", "--ember", (s) => s.slowest_ms)]} show={time} />
        <Chart {...common} title="Errors" series={[of("refused", "--calm", (s) => s.refused_rate), of("failed", "--bad", (s) => s.failed_rate)]} show={rate} />
        <Chart {...common} title="Memory of the server" series={[of("in use", "--ember", (s) => s.memory)]} show={bytes} />
      </div>
      <p className="hint">
        A sample every {every_s} s, the last hour, kept in memory; <code>GET /metrics</code> has the counters for Prometheus.
      </p>
    </div>
  );
}

function Fact({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}
