//! What a figure hands over: one table of numbers, peers as rows. Text, JSON and pictures are made from it.

use super::peer::Named;

/// Numbers of one figure in one set-up.
#[derive(Debug, Default)]
pub struct Table {
    /// Stable name, also in the JSON: `echo-idle`.
    pub key: String,
    pub title: String,
    /// What its rows are.
    pub rows_are: &'static str,
    /// Each with its unit.
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    /// Failures and what the reader must know.
    pub notes: Vec<String>,
}

/// One peer's numbers; `None` where there is none.
#[derive(Debug)]
pub struct Row {
    pub peer: String,
    pub cells: Vec<Option<f64>>,
}

impl Table {
    pub fn new(key: &str, title: &str, columns: &[&str]) -> Table {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Table { key: key.to_owned(), title: title.to_owned(), rows_are: "peer", columns, ..Table::default() }
    }

    /// Appends one row per peer, with the cells that `cells` gives it; a peer without any number has no row.
    pub fn fill<P: Named>(mut self, peers: &[P], cells: impl Fn(usize, &P) -> Vec<Option<f64>>) -> Table {
        for (index, peer) in peers.iter().enumerate() {
            let cells = cells(index, peer);
            assert_eq!(cells.len(), self.columns.len(), "one cell per column of {}", self.key);
            if cells.iter().any(Option::is_some) {
                self.rows.push(Row { peer: peer.name().to_owned(), cells });
            }
        }
        self
    }

    pub fn noting(mut self, notes: Vec<String>) -> Table {
        self.notes.extend(notes);
        self
    }

    /// The number of one peer in one column.
    pub fn cell(&self, peer: &str, column: &str) -> Option<f64> {
        let column = self.columns.iter().position(|name| name == column)?;
        self.rows.iter().find(|row| row.peer == peer)?.cells[column]
    }
}

/// A number as a reader wants it: three digits that count, no more.
pub fn number(value: f64) -> String {
    match value.abs() {
        size if size == 0.0 || size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_that_count() {
        assert_eq!(["0", "0.12", "1.23", "12.3", "1235"], [0.0, 0.123, 1.234, 12.34, 1234.6].map(number)[..]);
    }
}
