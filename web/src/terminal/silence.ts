// Keeps xterm.js from answering programs. Centerfire's host answers every question a program asks of its terminal, once;
// an answer of the page would be typed into the program as if a person had typed it.
import type { IDisposable, Terminal } from "@xterm/xterm";

/** Sequences that are questions, whatever stands in them. */
const QUESTIONS = [
  { final: "c" }, // DA1
  { prefix: ">", final: "c" }, // DA2
  { prefix: "=", final: "c" }, // DA3
  { final: "n" }, // DSR, CPR
  { prefix: "?", final: "n" }, // the same, DEC's
  { intermediates: "$", final: "p" }, // DECRQM
  { prefix: "?", intermediates: "$", final: "p" },
  { prefix: ">", final: "q" }, // XTVERSION
  { prefix: "?", final: "u" }, // Kitty keyboard
  { final: "t" }, // reports of the window, and wishes for its size: the session has its own
  { final: "x" }, // DECREQTPARM
  { prefix: "?", final: "S" }, // XTSMGRAPHICS
];
// OSC 52 is handled here and not by xterm.js's own addon: that one answers reads, and any program could then have the
// clipboard of whoever looks.
/** OSC numbers that set a colour, or ask for it with a question mark. */
const COLOURS = [4, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19];
/** Text that a program may put into the clipboard at once. */
const COPY_MAX_CHARS = 1 << 20;

/** Makes a terminal silent. `copy` gets what a program wants in the clipboard. */
export function silence(terminal: Terminal, copy: (text: string) => void): IDisposable[] {
  const { parser } = terminal;
  return [
    ...QUESTIONS.map((question) => parser.registerCsiHandler(question, () => true)),
    ...COLOURS.map((number) => parser.registerOscHandler(number, (data) => data.includes("?"))),
    parser.registerDcsHandler({ intermediates: "$", final: "q" }, () => true), // DECRQSS
    parser.registerDcsHandler({ intermediates: "+", final: "q" }, () => true), // XTGETTCAP
    parser.registerOscHandler(52, (data) => {
      const text = decoded(data.slice(data.indexOf(";") + 1));
      if (text) copy(text);
      return true;
    }),
  ];
}

function decoded(base64: string): string | undefined {
  if (base64 === "?" || base64.length > COPY_MAX_CHARS) return undefined;
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
