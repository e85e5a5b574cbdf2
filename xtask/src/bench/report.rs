//! The run as text: one summary for the terminal, the whole as docs/benchmarks.md, and as JSON.

use serde_json::{Value, json};

use super::chart::{CHARTS, draw};
use super::figures::Field;
use super::machine::Machine;
use super::peer::Named;
use super::table::{Table, number};

/// The columns of the summary: heading, table, column.
const SUMMARY: &[(&str, &str, &str)] = &[
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
];

/// The same of the servers.
const SERVERS: &[(&str, &str, &str)] = &[
    ("key to echo p50 µs", "web-echo-idle", "p50 µs"),
    ("× node-pty", "web-echo-idle", "× node-pty"),
    ("MB/s", "web-throughput", "median MB/s"),
    ("100 viewers: delivered %", "web-viewers", "delivered %"),
    ("p99 ms", "web-viewers", "p99 ms"),
    ("cores", "web-viewers", "server cores"),
    ("1,000 idle viewers MB", "web-idle", "grown MB"),
];

/// Everything that was learned in one run.
pub struct Report {
    /// What was typed after `cargo`.
    pub command: String,
    pub machine: Machine,
    pub field: Field,
    pub missing: Vec<Missing>,
    pub tables: Vec<Table>,
}

/// Who was not there, and why.
pub struct Missing {
    pub name: &'static str,
    pub why: String,
}

impl Report {
    /// The main numbers of the figures that were taken, one peer per row: terminals, then servers.
    pub fn summary(&self) -> String {
        let terminals = self.field.peers.iter().map(Named::name).collect::<Vec<_>>();
        let servers = self.field.servers.iter().map(Named::name).collect::<Vec<_>>();
        let [terminals, servers] =
            [self.overview("peer", SUMMARY, &terminals), self.overview("server", SERVERS, &servers)];
        [terminals, servers].into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    /// One table of main numbers, if any was taken.
    fn overview(&self, what: &str, columns: &[(&str, &str, &str)], names: &[&str]) -> Option<String> {
        let taken = |key: &str| self.tables.iter().any(|table| table.key == key);
        let columns: Vec<_> = columns.iter().filter(|(_, table, _)| taken(table)).collect();
        let headings = columns.iter().map(|(heading, ..)| (*heading).to_owned());
        let head: Vec<String> = [what.to_owned()].into_iter().chain(headings).collect();
        let rows = names.iter().map(|name| {
            let numbers = columns.iter().map(|(_, table, column)| self.look_up(table, name, column));
            [vec![(*name).to_owned()], numbers.map(shown).collect()].concat()
        });
        (!columns.is_empty()).then(|| grid(&head, &rows.collect::<Vec<_>>()))
    }

    /// docs/benchmarks.md.
    pub fn markdown(&self) -> String {
        let mut text = format!("# Benchmarks\n\n{INTRODUCTION}\nMade with `cargo {}`.\n\n", self.command);
        text += "## Machine and peers\n\n";
        for (name, value) in self.machine.facts() {
            text += &format!("- {name}: {value}\n");
        }
        text += &format!("\n{}\n", self.peers());
        text += &format!("## Summary\n\n{}\n", self.summary());
        for chart in CHARTS.iter().filter(|chart| draw(chart, &self.tables).is_some()) {
            text += &format!("![{}](images/{})\n\n", chart.title, chart.file);
        }
        text += &format!("## What the figures are\n\n{EXPLANATION}\n## All figures\n\n");
        for table in &self.tables {
            text += &section(table);
        }
        text
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let facts =
            self.machine.facts().into_iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
        let present = self.present().map(|(name, version)| json!({ "name": name, "version": version }));
        let missing = self.missing.iter().map(|peer| json!({ "name": peer.name, "missing": peer.why }));
        let rows = |table: &Table| -> Vec<Value> {
            table.rows.iter().map(|row| json!({ "peer": row.peer, "cells": row.cells })).collect()
        };
        let tables = self.tables.iter().map(|table| {
            json!({ "key": table.key, "title": table.title, "columns": table.columns, "rows": rows(table),
                    "notes": table.notes })
        });
        json!({
            "version": 1,
            "command": format!("cargo {}", self.command),
            "machine": facts.collect::<serde_json::Map<_, _>>(),
            "peers": present.chain(missing).collect::<Vec<_>>(),
            "tables": tables.collect::<Vec<_>>(),
        })
    }

    /// Everyone that was measured, with a version.
    fn present(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let terminals = self.field.peers.iter().map(|peer| (peer.name(), peer.version.as_str()));
        let ours = |name: &str| self.field.place(name).is_some();
        let servers = self.field.servers.iter().map(|server| (server.name(), server.version.as_str()));
        terminals.chain(servers.filter(move |(name, _)| !ours(name)))
    }

    fn peers(&self) -> String {
        let row = |name: &str, said: &str| vec![name.to_owned(), said.to_owned()];
        let present = self.present().map(|(name, version)| row(name, version));
        let missing = self.missing.iter().map(|peer| row(peer.name, &peer.why));
        grid(&row("peer", "version"), &present.chain(missing).collect::<Vec<_>>())
    }

    fn look_up(&self, table: &str, peer: &str, column: &str) -> Option<f64> {
        self.tables.iter().find(|found| found.key == table)?.cell(peer, column)
    }
}

fn section(table: &Table) -> String {
    let head = [vec!["peer".to_owned()], table.columns.clone()].concat();
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| [vec![row.peer.clone()], row.cells.iter().map(|cell| shown(*cell)).collect()].concat())
        .collect();
    let mut text = format!("### {}\n\n{}\n", table.title, grid(&head, &rows));
    for note in &table.notes {
        text += &format!("- {note}\n");
    }
    if !table.notes.is_empty() {
        text.push('\n');
    }
    text
}

fn shown(cell: Option<f64>) -> String {
    cell.map_or_else(|| "–".to_owned(), number)
}

/// A Markdown table whose columns line up in a terminal too.
fn grid(head: &[String], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        // A long reason in the second cell of a row of a missing peer may run over its column.
        cells
            .filter(|&width| width <= 28 || head.len() == 2)
            .chain([head[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        format!("| {} |\n", padded.collect::<Vec<_>>().join(" | "))
    };
    let rule: Vec<String> = widths
        .iter()
        .enumerate()
        .map(|(column, width)| match column {
            0 => "-".repeat(width + 2),
            _ => format!("{}:", "-".repeat(width + 1)),
        })
        .collect();
    let body: String = rows.iter().map(|row| line(row)).collect();
    format!("{}|{}|\n{body}", line(head), rule.join("|"))
}

const INTRODUCTION: &str = "\
Centerfire beside the programs that people use for parts of its work. All were measured in one run, in turn, each
attached in a terminal of its own, with the same child inside. Read the ratios: numbers depend on the machine, ratios
much less. `script` (util-linux, `script -f`) is the yardstick, as the plainest recorder there is.
";

const EXPLANATION: &str = "\
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
- **Servers**: terminals over the network, each with a WebSocket client on the same machine that does not draw.
  *Key to echo* is from a key's sending to the message with its echo; for ours, session, server and client are
  processes of their own, where node-pty is one with its terminal. *Viewers* watch one session that writes 2 MB/s for
  some seconds, in frames that bear the moment of their writing; all are read by one thread, whose own work is in the
  delays. wetty starts a program for each viewer and so shares nothing. *Requests* come at a steady rate, whether the
  answers do or not; a delay counts from when a request was due.
- Ratios are taken in each round and their median is shown; `–` means that a peer cannot do it, or failed (see the
  notes below a table).
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_lines_up_and_keeps_every_cell() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let text = grid(&words("peer ms"), &[words("tmux 12.5"), words("dtach –")]);
        assert_eq!(text, "| peer  |   ms |\n|-------|-----:|\n| tmux  | 12.5 |\n| dtach |    – |\n");
    }

    #[test]
    fn every_column_of_summary_and_charts_names_a_known_figure() {
        let keys = [
            "echo-idle",
            "throughput-idle",
            "cpu",
            "start",
            "memory",
            "idle",
            "history",
            "recording",
            "sessions",
            "web-echo-idle",
            "web-throughput",
            "web-viewers",
            "web-idle",
        ];
        assert!(SUMMARY.iter().chain(SERVERS).all(|(_, table, _)| keys.contains(table)));
        assert!(CHARTS.iter().all(|chart| keys.contains(&chart.table)));
    }
}
