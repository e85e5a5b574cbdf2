// Markdown as elements of the page. What it stands for is made here, element by element: HTML in it is text like any other,
// links lead to the web only, and pictures of elsewhere are links to them.
import MarkdownIt, { type Token } from "markdown-it";
import { Fragment, memo, useState, type ReactNode } from "react";
import { copy } from "../copy";
import { plain } from "./plain";

/** A text longer than that is shown as it is: to take it apart would make the page stand still. */
const TEXT_MAX = 100_000;
const COPIED_FOR_MS = 2_000;

const parser = new MarkdownIt({ html: false, linkify: true, breaks: true });
/** The page has headings of its own above those of a message. */
const TAGS: Record<string, string> = { h1: "h4", h2: "h5", h3: "h6", h4: "h6", h5: "h6", h6: "h6" };

export const Markdown = memo(function Markdown({ text }: { text: string }) {
  const shown = plain(text);
  if (shown.length > TEXT_MAX) return <Code text={shown} />;
  return <div className="markdown">{elements(parser.parse(shown, {}))}</div>;
});

/** What tokens stand for: each that opens an element holds those up to its end. */
function elements(tokens: Token[]): ReactNode[] {
  const made: ReactNode[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] as Token;
    if (token.nesting !== 1) {
      made.push(<Fragment key={at}>{leaf(token)}</Fragment>);
      continue;
    }
    let deep = 1;
    let end = at + 1;
    while (end < tokens.length && deep > 0) deep += tokens[end++]?.nesting ?? 0;
    made.push(<Fragment key={at}>{branch(token, elements(tokens.slice(at + 1, end - 1)))}</Fragment>);
    at = end - 1;
  }
  return made;
}

function branch(token: Token, inside: ReactNode[]): ReactNode {
  // A paragraph in a tight list is no paragraph.
  if (token.hidden) return inside;
  if (token.type === "link_open") return <Link to={text(token, "href")}>{inside}</Link>;
  if (token.type === "table_open") {
    return (
      <div className="table">
        <table>{inside}</table>
      </div>
    );
  }
  const Tag = (TAGS[token.tag] ?? token.tag) as "p";
  if (token.type === "ordered_list_open") return <ol start={Number(token.attrGet("start") ?? 1)}>{inside}</ol>;
  return <Tag style={aligned(token)}>{inside}</Tag>;
}

function leaf(token: Token): ReactNode {
  switch (token.type) {
    case "inline":
      return elements(token.children ?? []);
    case "code_inline":
      return <code>{token.content}</code>;
    case "code_block":
    case "fence":
      return <Code text={token.content.replace(/\n$/, "")} language={token.info.trim().split(/\s/)[0]} />;
    case "softbreak":
    case "hardbreak":
      return <br />;
    case "hr":
      return <hr />;
    case "image":
      return <Link to={text(token, "src")}>{token.content || "picture"}</Link>;
    default:
      return token.content;
  }
}

function Link({ to, children }: { to: string | null; children: ReactNode }) {
  if (to === null || !/^(https?:\/\/|mailto:)/i.test(to)) return <span title={to ?? undefined}>{children}</span>;
  return (
    <a href={to} target="_blank" rel="noopener noreferrer" title={to}>
      {children}
    </a>
  );
}

function text(token: Token, name: string): string | null {
  const value = token.attrGet(name);
  return value === null ? null : String(value);
}

function aligned(token: Token): { textAlign: "left" | "right" | "center" } | undefined {
  const side = /^text-align:(left|right|center)$/.exec(text(token, "style") ?? "")?.[1];
  return side === undefined ? undefined : { textAlign: side as "left" };
}

/** Text of a program, which can be copied. */
export function Code({ text, language }: { text: string; language?: string | undefined }) {
  const [copied, setCopied] = useState(false);
  const take = async () => {
    if (!(await copy(text))) return;
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_FOR_MS);
  };
  return (
    <div className="code">
      <button type="button" className="quiet" onClick={() => void take()}>
        {copied ? "Copied" : "Copy"}
      </button>
      <pre tabIndex={0} aria-label={language === undefined || language === "" ? "Code" : `Code: ${language}`}>
        {text}
      </pre>
    </div>
  );
}
