//! The documents that a run writes: for terminals, for servers, for conversations, each from the tables that it is about.

use super::table::Table;

/// One document.
pub struct Document {
    /// Below `docs`.
    pub file: &'static str,
    pub title: &'static str,
    /// What its rows are.
    pub rows: &'static str,
    pub introduction: &'static str,
    pub explanation: &'static str,
    /// The columns of the summary: heading, table, column.
    pub summary: &'static [(&'static str, &'static str, &'static str)],
    pub about: About,
}

/// What a document is about.
#[derive(Clone, Copy, PartialEq)]
pub enum About {
    Terminals,
    Servers,
    Conversations,
}

impl Document {
    pub fn has(&self, table: &str) -> bool {
        let about = match table.split('-').next() {
            Some("web") => About::Servers,
            Some("talk") => About::Conversations,
            _ => About::Terminals,
        };
        self.about == about
    }

    pub fn tables<'a>(&self, tables: &'a [Table]) -> impl Iterator<Item = &'a Table> {
        tables.iter().filter(|table| self.has(&table.key))
    }
}

/// All of them.
pub const DOCUMENTS: &[Document] = &[TERMINALS, SERVERS, CONVERSATIONS];

pub const TERMINALS: Document = Document {
    file: "benchmarks.md",
    title: "Benchmarks",
    rows: "peer",
    about: About::Terminals,
    summary: &[
    ("echo p50 µs", "echo-idle", "p50 µs"),
    ("× script", "echo-idle", "× script"),
    ("echo p99 µs", "echo-idle", "p99 µs"),
    ("MB/s", "throughput-idle", "median MB/s"),
    ("× script", "throughput-idle", "× script"),
    ("CPU ms/MB", "cpu", "median ms/MB"),
    ("start ms", "start", "median ms"),
    ("KB/session", "memory", "after 256 KB, KB"),
    ("idle wake-ups", "idle", "wake-ups"),
    ("reattach ms", "history", "reattach ms"),
    ("recording ÷ data", "recording", "size ÷ data"),
    ],
    introduction: "\
Centerfire beside the programs that people use for parts of its work. All were measured in one run, in turn, each
attached in a terminal of its own, with the same child inside. Read the ratios: numbers depend on the machine, ratios
much less. `script` (util-linux, `script -f`) is the yardstick, as the plainest recorder there is.
The server beside other terminals in the browser: [benchmarks-server.md](benchmarks-server.md); taking in and searching
conversations: [benchmarks-conversations.md](benchmarks-conversations.md).
",
    explanation: "\
- **Echo**: a byte is typed into the outer terminal, the child answers it with itself, and the clock stops when it is
  read from the outer terminal. *Added* is what a peer adds to the child alone on the PTY. Cores that sleep between two
  keys add their own wake-up time to everyone, so the figure is also taken with cores kept awake (a spinning process
  of the lowest priority on each) and beside ten sessions of the same peer that write 200 KB/s each.
- **Throughput**: from the start key to the end marker on the outer terminal, while the child writes the output of a
  full-screen program as fast as it can. Peers with a screen of their own (tmux, screen) may skip what they could not
  draw in time; recorders may not.
- **CPU**: of all the peer's processes during that flood, daemons included, without the child and the outer terminal.
- **Start**: from the client's start to the child's first byte on the outer terminal, servers started anew.
- **Memory**: proportional set size of all the peer's processes by session, so that shared pages count once.
- **Idle**: CPU time and voluntary context switches of an attached session in which nothing happens.
- **A past**: how much the peer's processes grew over it; and from the start of an attaching client to the marker on
  the last row. dtach keeps no screen: there the child repaints.
- **Recording**: size of all files against the data, for bytes that nothing can compress.
- **Sessions**: how long `centerfire list` takes beside so many detached sessions, and the proportional set size of their
  keepers and hosts by session.
- Ratios are taken in each round and their median is shown; `–` means that a peer cannot do it, or failed (see the
  notes below a table).
",
};

pub const SERVERS: Document = Document {
    file: "benchmarks-server.md",
    title: "Benchmarks of the server",
    rows: "server",
    about: About::Servers,
    summary: &[
    ("key to echo p50 µs", "web-echo-idle", "p50 µs"),
    ("× node-pty", "web-echo-idle", "× node-pty"),
    ("MB/s", "web-throughput", "median MB/s"),
    ("100 viewers: delivered %", "web-viewers", "delivered %"),
    ("p99 ms", "web-viewers", "p99 ms"),
    ("cores", "web-viewers", "server cores"),
    ("1,000 idle viewers MB", "web-idle", "grown MB"),
    ],
    introduction: "\
`centerfire serve` beside other terminals in the browser, in one run, in turn, each with a WebSocket client on the same
machine that does not draw. Read the ratios: numbers depend on the machine, ratios much less. A node-pty with `ws` is the
yardstick: most web terminals are made so. The session behind ours is two processes of its own, and is recorded; where node-pty
is the server's own child, it ends with it, and leaves nothing.
",
    explanation: "\
- **Key to echo**: from a key's sending to the message with its echo; the child answers every byte with itself.
- **Throughput**: from the start key to the end marker, while the child writes the output of a full-screen program as fast
  as it can.
- **Viewers** watch one session that writes 2 MB/s for some seconds, in frames that bear the moment of their writing; all
  are read by one thread, whose own work is in the delays. wetty starts a program for each viewer and so shares nothing.
- **Requests** come at a steady rate, whether the answers do or not; a delay counts from when a request was due.
- **The page** is measured in Chromium without a window: what it loads before it shows a terminal, and from a key's event
  to when xterm.js has parsed its echo.
- Ratios are taken in each round and their median is shown; `–` means that a server cannot do it, or failed (see the
  notes below a table).
",
};

pub const CONVERSATIONS: Document = Document {
    file: "benchmarks-conversations.md",
    title: "Benchmarks of conversations",
    rows: "query",
    about: About::Conversations,
    summary: &[],
    introduction: "\
Taking in what AI CLIs write down, and finding it again: by words, beside `ripgrep` over the same transcripts in the same run,
and by meaning. Goals: a query by words over a million entries in less than 20 ms (p95), by meaning over 200,000 chunks in
less than 60 ms (p95); where one is missed, a note below its table says so.
",
    explanation: "\
- **Taking in**: `centerfire import` of generated transcripts in the form of Claude Code, an entry of about a kilobyte on each
  line, from words of which a few are everywhere and most are rare. The copy that is kept is written as well.
- **Queries** are asked of a running server over one HTTP connection, of the command, which looks for new transcripts first,
  and of `ripgrep -i`, which lists lines. `ripgrep` needs no store, and knows no entries, order or filters.
- **By meaning**: vectors of 384 numbers come from a server on this machine that knows its answers beforehand: they cost
  nothing, and what is measured is ours. What MiniLM takes for a question is in the last table, whose queries are asked
  of it.
- **Quality**: the questions and entries of `crates/conversation/cases/quality`, asked over HTTP. recall@5 is how many of the
  right entries are among the first five; MRR is 1 where the first result is right, 1/2 where the second is the first right
  one, and so on; both as a mean over the questions.
",
};
