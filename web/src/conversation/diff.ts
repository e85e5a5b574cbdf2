// What an edit changed, as lines that were taken away, came, or stayed.

export interface Hunk {
  /** The number of the first line, before and after; undefined where it is not known. */
  old: number | undefined;
  new: number | undefined;
  /** Each with `-`, `+` or a space before it. */
  lines: string[];
}

/** Lines of a change that are shown; a file that was written whole may have many. */
export const LINES_MAX = 400;

/** The change that a call made: as the CLI tells of it, or as it was asked for. */
export function hunksOf(input: unknown, detail: unknown): Hunk[] | undefined {
  const patch = field(detail, "structuredPatch");
  if (Array.isArray(patch) && patch.length > 0) {
    const hunks = patch.filter((hunk) => Array.isArray(field(hunk, "lines")));
    return hunks.map((hunk) => ({ old: number(hunk, "oldStart"), new: number(hunk, "newStart"), lines: (field(hunk, "lines") as unknown[]).map(String) }));
  }
  const edits = field(input, "edits");
  const asked = (Array.isArray(edits) ? edits : [input]).map((edit) => [field(edit, "old_string"), field(edit, "new_string")]);
  if (asked.every(([before, after]) => typeof before === "string" && typeof after === "string")) {
    return asked.map(([before, after]) => ({ old: undefined, new: undefined, lines: changed(String(before), String(after)) }));
  }
  return undefined;
}

/** Lines that are the same at both ends stay; those between are taken away, and others come. */
function changed(before: string, after: string): string[] {
  const [old, now] = [split(before), split(after)];
  let begin = 0;
  while (begin < old.length && begin < now.length && old[begin] === now[begin]) begin += 1;
  let end = 0;
  while (end < old.length - begin && end < now.length - begin && old[old.length - 1 - end] === now[now.length - 1 - end]) end += 1;
  return [
    ...old.slice(0, begin).map((line) => ` ${line}`),
    ...old.slice(begin, old.length - end).map((line) => `-${line}`),
    ...now.slice(begin, now.length - end).map((line) => `+${line}`),
    ...old.slice(old.length - end).map((line) => ` ${line}`),
  ];
}

const split = (text: string) => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));

/** A field of something that may be anything. */
export const field = (of: unknown, name: string): unknown => (typeof of === "object" && of !== null ? (of as Record<string, unknown>)[name] : undefined);

function number(of: unknown, name: string): number | undefined {
  const value = field(of, name);
  return typeof value === "number" ? value : undefined;
}
