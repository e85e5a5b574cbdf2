// Text of programs, made fit to be shown: colours of a terminal are left out, what else cannot be seen is shown by its sign.

/** The only controls that a text has a use for are tab and line feed. */
const COLOURS = /\x1b\[[0-9;:]*m/g;
const CONTROLS = /[\x00-\x08\x0b-\x1f]/g;
/** They turn the direction of what follows, so that it reads as something else. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

export function plain(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replace(COLOURS, "")
    .replace(CONTROLS, (char) => String.fromCharCode(0x2400 + char.charCodeAt(0)))
    .replace(TURNS, (char) => `⟨U+${char.charCodeAt(0).toString(16).toUpperCase()}⟩`);
}

/** What Claude Code puts around what was pasted, which is how lines are sent. */
const PASTED = /\s*<\/?pasted_content id="[^"]*">(?:[^\S\n]*\n)*/g;

/** What somebody said, without what a CLI put around it. The first line keeps what it is indented by. */
export const said = (text: string) => text.replace(PASTED, "\n\n").replace(/^(?:[^\S\n]*\n)+/, "").trimEnd();

/** What a conversation is called, without the marks of Markdown. */
export const titleOf = ({ title, name }: { title: string | null; name: string }, length: number) => brief(said(title ?? name).replace(/\*\*|`/g, ""), length);

/** The first words, in one line. */
export function brief(text: string, length: number): string {
  const line = plain(text.slice(0, 4 * length)).replace(/\s+/g, " ").trim();
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}
