// A command line as words, as a shell takes it apart: spaces, '…', "…" and backslashes. Nothing is expanded.

export class UnclosedQuote extends Error {
  constructor(quote: string) {
    super(`a ${quote} is not closed`);
  }
}

/** Takes a line apart. */
export function words(line: string): string[] {
  const found: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    const next = line.charAt(at + 1);
    if (quote !== "") {
      if (char === quote) quote = "";
      else if (char === "\\" && quote === '"' && '"\\$`'.includes(next) && next !== "") (word += next), (at += 1);
      else word += char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (char === "\\" && next !== "") {
      word = (word ?? "") + next;
      at += 1;
    } else if (/\s/.test(char)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else word = (word ?? "") + char;
  }
  if (quote !== "") throw new UnclosedQuote(quote);
  if (word !== undefined) found.push(word);
  return found;
}

/** Words as a line that a shell would take apart into the same. */
export function line(command: string[]): string {
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
}

/** The last part of a folder's path: what people call it. */
export const folderOf = (path: string): string => path.replace(/\/+$/, "").split("/").at(-1) || path;
