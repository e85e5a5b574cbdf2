//! The run as text: one summary for the terminal, the whole as documents, and as JSON.

use serde_json::{Value, json};

use super::chart::{CHARTS, draw};
use super::document::{About, DOCUMENTS, Document};
use super::figures::Field;
use super::machine::Machine;
use super::peer::Named;
use super::table::{Table, number};

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
    /// Whether it is a server.
    pub servers: bool,
}

impl Report {
    /// The main numbers of the figures that were taken.
    pub fn summary(&self) -> String {
        DOCUMENTS.iter().filter_map(|document| self.overview(document)).collect::<Vec<_>>().join("\n")
    }

    /// One table of main numbers, if any was taken.
    fn overview(&self, document: &Document) -> Option<String> {
        let taken = |key: &str| self.tables.iter().any(|table| table.key == key);
        let columns: Vec<_> = document.summary.iter().filter(|(_, table, _)| taken(table)).collect();
        let headings = columns.iter().map(|(heading, ..)| (*heading).to_owned());
        let head: Vec<String> = [document.rows.to_owned()].into_iter().chain(headings).collect();
        let rows = self.present(document).map(|(name, _)| {
            let numbers = columns.iter().map(|(_, table, column)| self.look_up(table, name, column));
            [vec![name.to_owned()], numbers.map(shown).collect()].concat()
        });
        (!columns.is_empty()).then(|| grid(&head, &rows.collect::<Vec<_>>()))
    }

    /// The documents of the figures that were taken: where each is written, and its text.
    pub fn documents(&self) -> impl Iterator<Item = (&'static str, String)> {
        let taken = DOCUMENTS.iter().filter(|document| document.tables(&self.tables).next().is_some());
        taken.map(|document| (document.file, self.markdown(document)))
    }

    fn markdown(&self, document: &Document) -> String {
        let Document { title, introduction, explanation, .. } = document;
        let mut text = format!("# {title}\n\n{introduction}\nMade with `cargo {}`.\n\n", self.command);
        text += "## Machine and peers\n\n";
        for (name, value) in self.machine.facts() {
            text += &format!("- {name}: {value}\n");
        }
        text += &format!("\n{}\n", self.peers(document));
        if let Some(overview) = self.overview(document) {
            text += &format!("## Summary\n\n{overview}\n");
        }
        for chart in CHARTS.iter().filter(|chart| document.has(chart.table)) {
            if draw(chart, &self.tables).is_some() {
                text += &format!("![{}](images/{})\n\n", chart.title, chart.file);
            }
        }
        text += &format!("## What the figures are\n\n{explanation}\n## All figures\n\n");
        for table in document.tables(&self.tables) {
            text += &section(table);
        }
        text.truncate(text.trim_end().len());
        text + "\n"
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let facts =
            self.machine.facts().into_iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
        let all = DOCUMENTS.iter().flat_map(|document| self.present(document));
        let present = all.map(|(name, version)| json!({ "name": name, "version": version }));
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

    /// Everyone that was measured for a document, with a version.
    fn present(&self, document: &Document) -> impl Iterator<Item = (&'static str, &str)> {
        let about = document.about;
        let terminals = self.field.peers.iter().map(|peer| (peer.name(), peer.version.as_str()));
        let others = self.field.servers.iter().map(|server| (server.name(), server.version.as_str()));
        let ripgrep = self.field.ripgrep.iter().map(|version| ("ripgrep", version.as_str()));
        let ours = self.field.our_server().ok().map(|ours| (ours.name(), ours.version.as_str()));
        terminals
            .filter(move |_| about == About::Terminals)
            .chain(others.filter(move |_| about == About::Servers))
            .chain(ripgrep.chain(ours).filter(move |_| about == About::Conversations))
    }

    fn peers(&self, document: &Document) -> String {
        let row = |name: &str, said: &str| vec![name.to_owned(), said.to_owned()];
        let present = self.present(document).map(|(name, version)| row(name, version));
        let missing = self.missing.iter().filter(|peer| match document.about {
            About::Terminals => !peer.servers,
            About::Servers => peer.servers,
            About::Conversations => false,
        });
        let missing = missing.map(|peer| row(peer.name, &peer.why));
        grid(&row("peer", "version"), &present.chain(missing).collect::<Vec<_>>())
    }

    fn look_up(&self, table: &str, peer: &str, column: &str) -> Option<f64> {
        self.tables.iter().find(|found| found.key == table)?.cell(peer, column)
    }
}

fn section(table: &Table) -> String {
    let head = [vec![table.rows_are.to_owned()], table.columns.clone()].concat();
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
        assert!(DOCUMENTS.iter().flat_map(|one| one.summary).all(|(_, table, _)| keys.contains(table)));
        assert!(CHARTS.iter().all(|chart| keys.contains(&chart.table)));
    }
}
