// The judge: feeds bytes to @xterm/headless and says what is on its screen.
//
// In: jobs, one after the other on stdin, each five little-endian u32 (columns, rows, lines of scrollback, rows to
// resize to at the end or 0, length) and the bytes. With 0 columns the bytes go to the terminal of the job before.
// Out: one line of JSON for each job. A lone second half of a wide character (which xterm.js leaves behind in places)
// counts as a blank, and so does an empty cell.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { Terminal } = require('@xterm/headless');
const { Unicode11Addon } = require('@xterm/addon-unicode11');

const COLOR = 0x3000000;
const PLAIN = 'd,d,,0,-,';

function color(word) {
  switch (word & COLOR) {
    case 0x1000000: return 'a' + (word & 0xff);
    case 0x2000000: return 'i' + (word & 0xff);
    case 0x3000000: return '#' + (word & 0xffffff).toString(16).padStart(6, '0');
    default: return 'd';
  }
}

function flags(fg, bg) {
  const names = [[fg, 0x8000000, 'b'], [bg, 0x8000000, 'd'], [bg, 0x4000000, 'i'], [fg, 0x20000000, 'k'],
    [fg, 0x4000000, 'r'], [fg, 0x40000000, 'h'], [fg, 0x80000000, 's'], [bg, 0x40000000, 'o'], [bg, 0x20000000, 'p']];
  return names.filter(([word, bit]) => word & bit).map(([, , name]) => name).join('');
}

function style(core, fg, bg, extended) {
  const more = bg & 0x10000000 ? extended : undefined;
  const kind = fg & 0x10000000 ? (more ? more.underlineStyle || 1 : 1) : 0;
  const line = kind && more && more.underlineColor & COLOR ? color(more.underlineColor) : '-';
  const link = more && more.urlId ? core.links.get(more.urlId) : undefined;
  return [color(fg), color(bg), flags(fg, bg), kind, line, link ? `${link.id ?? ''}|${link.uri}` : ''].join(',');
}

function runs(core, line) {
  const cells = [];
  for (let x = 0; x < line.length; x++) {
    const half = line.getWidth(x) === 0 && x > 0 && line.getWidth(x - 1) === 2;
    const text = half ? '' : line.getString(x) || ' ';
    cells.push([text, style(core, line.getFg(x), line.getBg(x), line._extendedAttrs[x])]);
  }
  while (cells.length && cells.at(-1)[0] === ' ' && cells.at(-1)[1] === PLAIN) cells.pop();
  const joined = [];
  for (const [text, look] of cells) {
    if (joined.length && joined.at(-1)[1] === look) joined.at(-1)[0] += text;
    else joined.push([text, look]);
  }
  return joined;
}

// Whether a line continues the one above: xterm.js also says so of lines that were moved below another one. Such a
// line counts only if text reaches the margin above it.
function continues(buffer, y) {
  if (y === 0 || !buffer.lines.get(y).isWrapped) return false;
  const above = buffer.lines.get(y - 1);
  const last = above.length - 1;
  const full = above.getWidth(last) === 0 && last > 0 && above.getWidth(last - 1) === 2;
  return full || (above.getString(last) || ' ') !== ' ';
}

function look(term, replies) {
  const core = term._core;
  const buffer = core._bufferService.buffer;
  const normal = core._bufferService.buffers.normal;
  const rows = [];
  for (let y = 0; y < term.rows; y++) rows.push(runs(core, buffer.lines.get(buffer.ybase + y)));
  const hidden = [];
  for (let y = 0; buffer !== normal && y < term.rows; y++) hidden.push(runs(core, normal.lines.get(normal.ybase + y)));
  const history = [];
  const historyText = [];
  for (let y = 0; y < normal.ybase; y++) {
    const line = normal.lines.get(y);
    history.push(runs(core, line));
    historyText.push(runs(core, line).map(([text]) => text).join('').replace(/ +$/, ''));
  }
  const wrapped = [];
  for (let y = 0; y < term.rows; y++) wrapped.push(continues(buffer, buffer.ybase + y));
  const historyWrapped = history.map((_, y) => continues(normal, y));
  const modes = core.coreService.decPrivateModes;
  const tabs = [];
  for (let x = 0; x < term.cols; x++) if (buffer.tabs[x]) tabs.push(x);
  const pen = core._inputHandler._curAttrData;
  return {
    rows, hidden, wrapped, historyText, history, historyWrapped,
    cursor: [buffer.y, buffer.x],
    visible: !core.coreService.isCursorHidden,
    alternate: buffer !== normal,
    region: [buffer.scrollTop, buffer.scrollBottom],
    modes: {
      1: modes.applicationCursorKeys, 6: modes.origin, 7: modes.wraparound, 12: !!core.optionsService.options.cursorBlink,
      45: modes.reverseWraparound, 66: modes.applicationKeypad, 1004: modes.sendFocus, 2004: modes.bracketedPasteMode,
      2026: modes.synchronizedOutput, 4: core.coreService.modes.insertMode, 20: core.optionsService.options.convertEol,
    },
    mouse: core.coreMouseService.activeProtocol,
    mouseEncoding: core.coreMouseService.activeEncoding,
    cursorStyle: [modes.cursorStyle ?? '', modes.cursorBlink ?? ''],
    title: core._inputHandler._windowTitle,
    tabs,
    pen: style(core, pen.fg, pen.bg, pen.extended),
    repeats: core._inputHandler._parser.precedingJoinState >> 1 & 3,
    saved: [Math.max(buffer.savedY - buffer.ybase, 0), Math.min(buffer.savedX, term.cols - 1)],
    savedPen: style(core, buffer.savedCurAttrData.fg, buffer.savedCurAttrData.bg & ~0x10000000, undefined).replace(/,[^,]*,-,$/, ''),
    colors: replies,
  };
}

function open({ cols, rows, scrollback }) {
  const term = new Terminal({ cols, rows, scrollback, allowProposedApi: true, logLevel: 'off' });
  term.loadAddon(new Unicode11Addon());
  term.unicode.activeVersion = '11';
  // xterm.js forgets a link with the line it began on, though cells still belong to it.
  const service = term._core._oscLinkService;
  const register = service.registerLink.bind(service);
  term._core.links = new Map();
  service.registerLink = (data) => {
    const id = register(data);
    term._core.links.set(id, data);
    return id;
  };
  const colors = {};
  term._core._inputHandler.onColor((events) => {
    for (const event of events) {
      if (event.type === 1) colors[event.index] = event.color;
      else if (event.type === 2 && event.index === undefined) for (let i = 0; i < 256; i++) delete colors[i];
      else if (event.type === 2) delete colors[event.index];
    }
  });
  return { term, colors };
}

async function judge({ term, colors }, resized, bytes) {
  await new Promise((done) => term.write(bytes, done));
  if (resized) term.resize(term.cols, resized);
  return look(term, colors);
}

function widths() {
  const term = new Terminal({ allowProposedApi: true });
  term.loadAddon(new Unicode11Addon());
  term.unicode.activeVersion = '11';
  const ranges = [];
  for (let code = 0xa0, last = -1; code < 0x110000; code++) {
    const width = term._core.unicodeService.wcwidth(code);
    if (width !== last) ranges.push([code, width]);
    last = width;
  }
  return ranges;
}

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const input = Buffer.concat(chunks);
if (process.argv[2] === 'widths') {
  console.log(JSON.stringify(widths()));
} else {
  const answers = [];
  let judged;
  for (let at = 0; at < input.length;) {
    const [cols, rows, scrollback, resized, length] = [0, 4, 8, 12, 16].map((place) => input.readUInt32LE(at + place));
    const bytes = new Uint8Array(input.subarray(at + 20, at + 20 + length));
    at += 20 + length;
    if (cols) {
      judged?.term.dispose();
      judged = open({ cols, rows, scrollback });
    }
    answers.push(JSON.stringify(await judge(judged, resized, bytes)));
  }
  process.stdout.write(answers.join('\n') + '\n');
}
