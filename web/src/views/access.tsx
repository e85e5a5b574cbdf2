// Who may do what, and who is there: tokens and connections.
import { useCallback, useMemo, useState } from "react";
import { age } from "../age";
import * as api from "../api";
import { useLooks } from "../look";
import { lasting } from "../quantity";
import { linkTo } from "../route";
import { NewToken } from "./new_token";
import { Failure, PlaceFrame } from "./place";

/** Between two looks at who is there. */
const EVERY_MS = 3_000;

const HOW = { terminal: "terminal", events: "event stream", list: "list of sessions" };
const USE = { bearer: "program", login: "login link", cookie: "browser" };

interface Props {
  me: api.Me;
  sessions: api.Session[];
  now_ms: number;
  leave: (why?: string) => void;
}

interface Seen {
  tokens: api.Grant[];
  connections: api.Connection[];
}

export default function AccessView({ me, sessions, now_ms, leave }: Props) {
  const [seen, setSeen] = useState<Seen>();
  const [failure, setFailure] = useState<string>();
  const failed = useMemo(() => api.failing(leave, setFailure), [leave]);
  const look = useCallback(async () => {
    try {
      const [tokens, connections] = await Promise.all([api.tokens(), api.connections()]);
      setSeen({ tokens, connections });
      setFailure(undefined);
    } catch (failure) {
      failed(failure);
    }
  }, [failed]);
  const allowed = me.role === "manage";
  useLooks(look, EVERY_MS, allowed);
  if (!allowed) {
    return (
      <PlaceFrame title="Access">
        <p className="hint">
          Tokens and who is connected are for the role <code>manage</code>; yours is <code>{me.role}</code>.
        </p>
      </PlaceFrame>
    );
  }
  const own = ownToken(me, seen?.tokens ?? []);
  const revoke = (id: string) => api.revokeToken(id).then(look, failed);
  return (
    <PlaceFrame title="Access">
      {failure !== undefined && <Failure why={failure} again={() => void look()} />}
      {seen !== undefined && (
        <>
          <Connected own={own} connections={seen.connections} sessions={sessions} now_ms={now_ms} />
          <Tokens own={own} tokens={seen.tokens} me={me} sessions={sessions} now_ms={now_ms} made={() => void look()} revoke={(id) => void revoke(id)} />
        </>
      )}
    </PlaceFrame>
  );
}

/** The server names no token to a browser; when it ends, to the microsecond, tells them apart. */
function ownToken(me: api.Me, tokens: api.Grant[]): string | undefined {
  const fits = tokens.filter(({ use, role, label, expires }) => use === "cookie" && role === me.role && label === me.label && expires === (me.expires ?? undefined));
  return fits.length === 1 ? fits[0]?.id : undefined;
}

const Own = () => <span className="own">this browser</span>;

function Connected({ own, connections, sessions, now_ms }: { own: string | undefined; connections: api.Connection[]; sessions: api.Session[]; now_ms: number }) {
  return (
    <section className="block" aria-labelledby="connected">
      <h3 id="connected">
        Connected now <span>{connections.length}</span>
      </h3>
      {connections.length === 0 ? (
        <p className="hint">Nobody is connected to this server.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Who</th>
              <th>To</th>
              <th>Role</th>
              <th>Since</th>
              <th>From</th>
            </tr>
          </thead>
          <tbody>
            {connections.map((one, index) => (
              <tr key={index}>
                <td data-label="Who">
                  {one.label === "" ? "unnamed" : one.label} <code className="soft">{one.token}</code> {one.token === own && <Own />}
                </td>
                <td data-label="To">{one.session === null ? HOW[one.by] : <ToSession id={one.session} sessions={sessions} how={one.by === "terminal" ? "" : HOW[one.by]} />}</td>
                <td data-label="Role">{one.role}</td>
                <td data-label="Since">
                  <time title={new Date(one.since / 1_000).toLocaleString()}>{age(one.since, now_ms)}</time>
                </td>
                <td data-label="From">
                  <code>{one.from}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function ToSession({ id, sessions, how }: { id: string; sessions: api.Session[]; how: string }) {
  const name = sessions.find((session) => session.id === id)?.name ?? id.slice(0, 8);
  return (
    <>
      <a {...linkTo(`/s/${id}`)}>{name}</a>
      {how !== "" && <span className="soft"> {how}</span>}
    </>
  );
}

interface TokensProps {
  own: string | undefined;
  tokens: api.Grant[];
  me: api.Me;
  sessions: api.Session[];
  now_ms: number;
  made: () => void;
  revoke: (id: string) => void;
}

function Tokens({ own, tokens, me, sessions, now_ms, made, revoke }: TokensProps) {
  const [asked, setAsked] = useState<string>();
  const ends = (grant: api.Grant) => (grant.expires === undefined ? "never" : `in ${lasting(Math.max(0, grant.expires / 1_000_000 - now_ms / 1_000))}`);
  return (
    <section className="block" aria-labelledby="tokens">
      <h3 id="tokens">
        Tokens <span>{tokens.length}</span>
      </h3>
      <NewToken sessions={sessions} me={me} made={made} />
      {tokens.length === 0 && <p className="hint">No token holds.</p>}
      {tokens.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>For</th>
              <th>Role</th>
              <th>Opens</th>
              <th>Used by</th>
              <th>Ends</th>
              <th>
                <span className="unseen">Revoke</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {[...tokens].reverse().map((grant) => (
              <tr key={grant.id}>
                <td data-label="For">
                  {grant.label === "" ? "unnamed" : grant.label} <code className="soft">{grant.id}</code> {grant.id === own && <Own />}
                </td>
                <td data-label="Role">{grant.role}</td>
                <td data-label="Opens">{grant.session === undefined ? "all sessions" : <ToSession id={grant.session} sessions={sessions} how="" />}</td>
                <td data-label="Used by">{USE[grant.use]}</td>
                <td data-label="Ends">{ends(grant)}</td>
                <td className="act">
                  {asked === grant.id && grant.id === own && (
                    <span className="why" role="alert">
                      This is your own login.{" "}
                    </span>
                  )}
                  <button type="button" className={asked === grant.id ? "danger" : "quiet"} onBlur={() => setAsked(undefined)} onClick={() => (asked === grant.id ? revoke(grant.id) : setAsked(grant.id))} aria-label={`${asked === grant.id ? "Really revoke" : "Revoke"} ${grant.label || grant.id}`}>
                    {asked === grant.id ? "Really?" : "Revoke"}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
