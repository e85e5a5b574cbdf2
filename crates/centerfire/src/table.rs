//! Tables that fit: in a terminal, columns that matter less are left out where there is no room, and what is long is cut, so
//! that no line wraps and no column is bent, by wide characters neither. What goes anywhere else is whole.

use crate::fit::{cut, cut_path, width};
use crate::term::paint;

/// Blanks between two columns.
const GAP: usize = 2;

/// One column of a table.
pub(crate) struct Column {
    pub head: &'static str,
    /// Who is there first, and grows first; 0 matters most.
    pub rank: u8,
    /// Columns of the terminal with which it is of use; where it needs as many, it is left out rather than cut more.
    pub least: usize,
    /// More than that it never takes.
    pub most: usize,
    pub fit: Fit,
}

impl Column {
    pub(crate) const fn new(head: &'static str, rank: u8, least: usize, most: usize, fit: Fit) -> Self {
        Self { head, rank, least, most, fit }
    }
}

/// How what is too long is cut, and on which side it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// Text, of which the beginning stays.
    Text,
    /// A path, of which the end stays.
    Path,
    /// A figure, which stands at the right.
    Figure,
}

/// One field: its text, and the colour (SGR) that it has.
#[derive(Default)]
pub(crate) struct Cell {
    pub text: String,
    pub sgr: Option<&'static str>,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, sgr: None }
    }
}

/// The lines of a table, its head first, in a terminal of so many columns. A column of nothing is none.
pub(crate) fn lines<const N: usize>(
    columns: &[Column; N],
    rows: &[[Cell; N]],
    room: Option<usize>,
) -> Vec<String> {
    let widths = widths(columns, rows, room);
    let shown: Vec<usize> = (0..N).filter(|at| widths[*at].is_some()).collect();
    let line = |field: &dyn Fn(usize) -> String| {
        let fields: Vec<String> = shown.iter().map(|at| field(*at)).collect();
        fields.join(&" ".repeat(GAP)).trim_end().to_owned()
    };
    let padded = |at: usize, text: &str, sgr: Option<&str>| {
        let cols = widths[at].unwrap_or_default();
        let text = match columns[at].fit {
            Fit::Path => cut_path(text, cols),
            Fit::Text | Fit::Figure => cut(text, u16::try_from(cols).unwrap_or(u16::MAX)),
        };
        let blanks = " ".repeat(cols.saturating_sub(width(&text)));
        let text = sgr.map_or(text.clone(), |sgr| paint(&text, sgr));
        if columns[at].fit == Fit::Figure { blanks + &text } else { text + &blanks }
    };
    let head = line(&|at| padded(at, columns[at].head, None));
    let rows = rows.iter().map(|row| line(&|at| padded(at, &row[at].text, row[at].sgr)));
    std::iter::once(head).chain(rows).collect()
}

/// What each column takes; nothing where it is left out.
fn widths<const N: usize>(
    columns: &[Column; N],
    rows: &[[Cell; N]],
    room: Option<usize>,
) -> [Option<usize>; N] {
    let longest = |at: usize| rows.iter().map(|row| width(&row[at].text)).max().filter(|cols| *cols > 0);
    let mut wanted: [_; N] =
        std::array::from_fn(|at| longest(at).map(|cols| cols.max(columns[at].head.len())));
    let Some(room) = room else { return wanted };
    for (cols, column) in wanted.iter_mut().zip(columns) {
        *cols = cols.map(|cols| cols.min(column.most));
    }
    let mut order: Vec<usize> = (0..N).filter(|at| wanted[*at].is_some()).collect();
    order.sort_by_key(|at| columns[*at].rank);
    let mut widths = [None; N];
    // The gap that is counted before the first is none.
    let mut left = room + GAP;
    for (place, at) in order.iter().enumerate() {
        let least = wanted[*at].map(|wanted| wanted.min(columns[*at].least));
        // What matters most is always there.
        let least = least.map(|least| if place == 0 { least.min(room) } else { least });
        let least = least.filter(|least| least + GAP <= left);
        left -= least.map_or(0, |least| least + GAP);
        widths[*at] = least;
    }
    for at in &order {
        if let (Some(cols), Some(wanted)) = (&mut widths[*at], wanted[*at]) {
            let more = (wanted - *cols).min(left);
            *cols += more;
            left -= more;
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(room: Option<usize>) -> Vec<String> {
        let columns = [
            Column::new("NAME", 0, 6, 12, Fit::Text),
            Column::new("AGE", 1, 3, 4, Fit::Figure),
            Column::new("FOLDER", 3, 6, 20, Fit::Path),
            Column::new("NOTHING", 2, 6, 20, Fit::Text),
            Column::new("TITLE", 2, 6, usize::MAX, Fit::Text),
        ];
        let row = |fields: [&str; 5]| fields.map(|text| Cell::from(text.to_owned()));
        let rows = [
            row(["till", "3m", "/home/me/till", "", "日本語の題名 of a till"]),
            row(["日本語の長い名前です", "12h", "/a", "", ""]),
        ];
        lines(&columns, &rows, room)
    }

    #[test]
    fn a_table_is_whole_where_there_is_no_terminal() {
        let whole = table(None);
        assert_eq!(whole[0], "NAME                  AGE  FOLDER         TITLE");
        assert_eq!(whole[1], "till                   3m  /home/me/till  日本語の題名 of a till");
        assert_eq!(whole[2], "日本語の長い名前です  12h  /a");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_what_matters_most_is_there() {
        for room in 1..90 {
            for line in table(Some(room)) {
                assert!(width(&line) <= room, "{room}: {line:?}");
            }
        }
        assert_eq!(table(Some(14))[1..], ["till        3m", "日本語の…  12h"].map(str::to_owned)[..]);
        assert_eq!(table(Some(40))[1], "till           3m  …/till  日本語の題名…");
    }
}
