// The HTTP interface, read from the server's own description.
import { Fragment, useCallback, useEffect, useMemo, useState } from "react";
import { reason } from "../api";
import { copy } from "../copy";
import { GROUPS, curl, description, entries, kind, object, type Document, type Entry, type Schema } from "../openapi";
import sockets from "../../../docs/websocket.md?raw";
import { matches } from "../search";
import { Failure, PlaceFrame } from "./place";

/** The document that the description names; the page brings it along. */
const SOCKETS = "docs/websocket.md";

export default function DocsView() {
  const [document, setDocument] = useState<Document>();
  const [failure, setFailure] = useState<string>();
  const [text, setText] = useState("");
  const ask = useCallback(() => {
    setFailure(undefined);
    description().then(setDocument, (failure: unknown) => setFailure(reason(failure)));
  }, []);
  useEffect(ask, [ask]);
  const all = useMemo(() => (document === undefined ? [] : entries(document)), [document]);
  const found = all.filter(({ method, path, operation }) => matches(`${method} ${path} ${operation.summary}`, text));
  return (
    <PlaceFrame title="API" aside={document === undefined ? "" : `version ${document.info.version}`}>
      {failure !== undefined && <Failure why={`The description did not come: ${failure}.`} again={ask} />}
      {document !== undefined && (
        <div className="docs">
          <p className="hint">
            <Linked text={document.info.description} /> The same as a file: <a href="/openapi.json">openapi.json</a>. Programs send a token as <code>Authorization: Bearer TOKEN</code>; an error is always{" "}
            <code>{'{"error": sentence, "code": WORD}'}</code>.
          </p>
          <input type="search" aria-label="Find an operation" placeholder="Find an operation" value={text} onChange={(event) => setText(event.target.value)} />
          {GROUPS.map((group) => {
            const own = found.filter((entry) => entry.group === group);
            return (
              own.length > 0 && (
                <section key={group} className="block" aria-label={group}>
                  <h3>
                    {group} <span>{own.length}</span>
                  </h3>
                  {own.map((entry) => (
                    <Operation key={`${entry.method} ${entry.path}`} entry={entry} />
                  ))}
                </section>
              )
            );
          })}
          <details className="operation" id="websocket">
            <summary>
              <span className="method">WS</span>
              <code>{SOCKETS}</code>
              <span className="about">The WebSocket of a session, message by message</span>
            </summary>
            <pre className="inside" tabIndex={0} aria-label={SOCKETS}>
              {sockets}
            </pre>
          </details>
          {found.length === 0 && <p className="hint">No operation has that in its name, path or description.</p>}
        </div>
      )}
    </PlaceFrame>
  );
}

/** A path that breaks between its parts. */
const breakable = (path: string) =>
  path.split(/(?=\/)/).map((part, at) => (
    <Fragment key={at}>
      {at > 0 && <wbr />}
      {part}
    </Fragment>
  ));

/** A text with what stands between backticks as code. */
const marked = (text: string) => text.split("`").map((part, at) => (at % 2 === 0 ? part : <code key={at}>{part}</code>));

/** A text whose mention of the other document opens it, below the operations. */
function Linked({ text }: { text: string }) {
  const [before = "", after] = text.split(SOCKETS);
  if (after === undefined) return marked(text);
  const open = () => {
    const details = document.querySelector<HTMLDetailsElement>("#websocket");
    if (details === null) return;
    details.open = true;
    details.scrollIntoView();
    details.querySelector("summary")?.focus();
  };
  return (
    <>
      {marked(before)}
      <a
        href="#websocket"
        onClick={(event) => {
          event.preventDefault();
          open();
        }}
      >
        {SOCKETS}
      </a>
      {marked(after)}
    </>
  );
}

function Operation({ entry }: { entry: Entry }) {
  const { method, path, operation } = entry;
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const [status, answer] = Object.entries(operation.responses)[0] ?? ["", undefined];
  const gives = Object.keys(answer?.content ?? {})[0];
  const role = /`(\w+)`/.exec(operation.description ?? "")?.[1];
  return (
    <details className="operation">
      <summary>
        <span className="method" data-method={method}>
          {method}
        </span>
        <code>{breakable(path)}</code>
        <span className="about">{marked(operation.summary)}</span>
      </summary>
      <div className="inside">
        <p>
          <Linked text={operation.summary} />.
        </p>
        <dl className="numbers">
          <div>
            <dt>Needs</dt>
            <dd>{role === undefined ? "no token" : `the role ${role}`}</dd>
          </div>
          <div>
            <dt>Answers</dt>
            <dd>
              {status}
              {gives === undefined ? "" : `, ${gives}`}
            </dd>
          </div>
        </dl>
        <Fields title="In the address" fields={operation.parameters.map(({ name, required, description, schema }) => ({ name, required, schema: { ...schema, description: description || (schema.description ?? "") } }))} />
        {body !== undefined && <Fields title="In the body" fields={fieldsOf(object(body))} />}
        <Example text={curl(entry)} />
      </div>
    </details>
  );
}

interface Field {
  name: string;
  required: boolean;
  schema: Schema;
}

function fieldsOf(schema: Schema): Field[] {
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({ name, required: schema.required?.includes(name) ?? false, schema: property }));
}

function Fields({ title, fields }: { title: string; fields: Field[] }) {
  if (fields.length === 0) return null;
  return (
    <>
      <h4>{title}</h4>
      <dl className="fields-of">
        {fields.map(({ name, required, schema }) => (
          <div key={name}>
            <dt>
              <code>{name}</code> <span className="soft">{kind(schema)}</span>
              {required && <span className="needed">needed</span>}
            </dt>
            <dd>{marked(schema.description ?? "")}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Example({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="example">
      <pre tabIndex={0} aria-label="Example">
        {text}
      </pre>
      <button type="button" className="quiet" onClick={() => void copy(text).then(setCopied)}>
        {copied ? "Copied" : "Copy"}
      </button>
    </div>
  );
}
