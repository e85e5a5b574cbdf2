//! Bar charts as plain SVG. Every colour has a contrast of about 4.4 on white and on near-black alike, so one
//! picture serves readers of light and of dark pages; the background stays clear.

use std::fmt::Write;

use super::peer::OURS;
use super::table::{Table, number};

/// Pixels of the picture and its parts.
const WIDTH: f64 = 720.0;
const LABELS: f64 = 170.0;
const NUMBERS: f64 = 80.0;
const BAR: f64 = 18.0;
const STEP: f64 = 28.0;
const TOP: f64 = 44.0;

const TEXT: &str = "#787c82";
const OTHERS: &str = "#8a8f98";
const HIGHLIGHT: &str = "#d2621b";

/// One picture: which column of which table, under which file name.
pub struct Chart {
    pub file: &'static str,
    pub table: &'static str,
    pub column: &'static str,
    pub title: &'static str,
}

/// The pictures of docs/benchmarks.md.
pub const CHARTS: &[Chart] = &[
    Chart {
        file: "bench-echo.svg",
        table: "echo-idle",
        column: "p50 µs",
        title: "Round trip of one key, median, µs (shorter is better)",
    },
    Chart {
        file: "bench-throughput.svg",
        table: "throughput-idle",
        column: "median MB/s",
        title: "Output of a busy child, MB/s (longer is better)",
    },
    Chart {
        file: "bench-memory.svg",
        table: "memory",
        column: "after 256 KB, KB",
        title: "Memory per attached session after 256 KB of output, KB (shorter is better)",
    },
    Chart {
        file: "bench-server-echo.svg",
        table: "web-echo-idle",
        column: "p50 µs",
        title: "Key to echo over a WebSocket, median, µs (shorter is better)",
    },
];

/// Draws a chart, if its table was measured.
pub fn draw(chart: &Chart, tables: &[Table]) -> Option<String> {
    let table = tables.iter().find(|table| table.key == chart.table)?;
    let bars: Vec<(&str, f64)> = table
        .rows
        .iter()
        .filter_map(|row| Some((row.peer.as_str(), table.cell(&row.peer, chart.column)?)))
        .collect();
    let largest = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    (largest > 0.0).then(|| picture(chart.title, &bars, largest))
}

fn picture(title: &str, bars: &[(&str, f64)], largest: f64) -> String {
    let height = TOP + STEP * bars.len() as f64 + 8.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"system-ui, sans-serif\" font-size=\"14\" fill=\"{TEXT}\">\n<title>{title}</title>\n\
         <text x=\"0\" y=\"20\" font-weight=\"600\">{title}</text>\n"
    );
    for (index, (peer, value)) in bars.iter().enumerate() {
        svg += &bar(peer, *value, TOP + STEP * index as f64, largest);
    }
    svg + "</svg>\n"
}

fn bar(peer: &str, value: f64, top: f64, largest: f64) -> String {
    let length = (WIDTH - LABELS - NUMBERS) * value / largest;
    let (colour, weight) = if peer.starts_with(OURS) { (HIGHLIGHT, "600") } else { (OTHERS, "400") };
    let base = top + BAR - 4.0;
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<text x=\"{:.0}\" y=\"{base:.0}\" text-anchor=\"end\" font-weight=\"{weight}\">{peer}</text>\
         <rect x=\"{LABELS}\" y=\"{top:.0}\" width=\"{length:.1}\" height=\"{BAR}\" rx=\"3\" fill=\"{colour}\"/>\
         <text x=\"{:.1}\" y=\"{base:.0}\" font-weight=\"{weight}\">{}</text>",
        LABELS - 8.0,
        LABELS + length + 6.0,
        number(value)
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::super::table::Row;
    use super::*;

    #[test]
    fn a_chart_has_one_bar_per_peer_and_none_without_its_table() {
        let mut table = Table::new("memory", "Memory", &["after 256 KB, KB"]);
        for (peer, value) in [("tmux", 400.0), (OURS, 100.0)] {
            table.rows.push(Row { peer: peer.to_owned(), cells: vec![Some(value)] });
        }
        let chart = CHARTS.iter().find(|chart| chart.table == "memory").unwrap();
        let svg = draw(chart, &[table]).unwrap();
        assert_eq!(svg.matches("<rect").count(), 2);
        assert!(svg.contains("width=\"470.0\"") && svg.contains("width=\"117.5\""));
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        assert!(draw(chart, &[]).is_none());
    }
}
