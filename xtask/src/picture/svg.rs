//! A screen as SVG: a rectangle for each background, a text for each run. No font is embedded; `textLength` keeps the
//! columns straight in whatever monospaced font the reader has.

use std::fmt::Write;
use terminal::Screen;
use terminal::screen::{Color, Style};

/// One cell, in pixels.
const CELL: (f64, f64) = (8.4, 18.0);
/// Around the text, and the height of the bar above it.
const MARGIN: f64 = 14.0;
const BAR: f64 = 30.0;

const GROUND: &str = "#15181e";
const TEXT: &str = "#d6dae0";
/// The 16 colours, the dark ones first.
const PALETTE: [&str; 16] = [
    "#3b4252", "#e0626c", "#8fbf7f", "#dcb96a", "#6fa3d8", "#b48ec9", "#6fc0c7", "#d6dae0", "#66708a",
    "#ee8087", "#a8d29a", "#ecd08d", "#8fbcec", "#caa8dc", "#8fd6dc", "#ffffff",
];

/// Draws a screen as a window with three buttons.
pub fn draw(screen: &Screen) -> String {
    let (cols, rows) = (f64::from(screen.size().cols), f64::from(screen.size().rows));
    let (width, height) = (cols * CELL.0 + 2.0 * MARGIN, rows * CELL.1 + BAR + MARGIN);
    let mut out = String::new();
    let head = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{GROUND}\"/>\n"
    );
    out.push_str(&head);
    for (button, colour) in [(0.0, "#e0626c"), (1.0, "#dcb96a"), (2.0, "#8fbf7f")] {
        let x = MARGIN + 5.0 + button * 18.0;
        let _ = writeln!(out, "<circle cx=\"{x}\" cy=\"15\" r=\"5\" fill=\"{colour}\"/>");
    }
    for row in 0..screen.size().rows {
        draw_row(screen, row, &mut out);
    }
    out.push_str("</svg>\n");
    out
}

fn draw_row(screen: &Screen, row: u16, out: &mut String) {
    let top = BAR + f64::from(row) * CELL.1;
    let mut col = 0.0;
    for run in screen.runs(row) {
        let (x, width) = (MARGIN + col * CELL.0, f64::from(run.width) * CELL.0);
        let (text, ground) = colours(&run.style);
        if let Some(ground) = ground {
            let height = CELL.1;
            let _ = writeln!(
                out,
                "<rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height}\" fill=\"{ground}\"/>"
            );
        }
        if !run.text.trim().is_empty() {
            let (base, marks, words) = (top + CELL.1 - 4.5, attributes(&run.style), escape(&run.text));
            let _ = writeln!(
                out,
                "<text x=\"{x:.1}\" y=\"{base:.1}\" fill=\"{text}\" textLength=\"{width:.1}\" xml:space=\"preserve\"{marks}>{words}</text>"
            );
        }
        col += f64::from(run.width);
    }
}

/// The colour of the text, and the one behind it where that is not the terminal's own.
fn colours(style: &Style) -> (String, Option<String>) {
    let text = colour(style.foreground).unwrap_or_else(|| TEXT.to_owned());
    let ground = colour(style.background);
    if style.inverse { (ground.unwrap_or_else(|| GROUND.to_owned()), Some(text)) } else { (text, ground) }
}

fn colour(colour: Color) -> Option<String> {
    match colour {
        Color::Default => None,
        Color::Ansi(number) => Some(PALETTE[usize::from(number & 15)].to_owned()),
        Color::Indexed(number) => Some(indexed(number)),
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}

/// xterm's palette of 256: 16 colours, a cube of 6 by 6 by 6, 24 greys.
fn indexed(number: u8) -> String {
    let level = |part: u8| if part == 0 { 0 } else { 55 + part * 40 };
    match number {
        0..16 => PALETTE[usize::from(number)].to_owned(),
        16..232 => {
            let cube = number - 16;
            format!("#{:02x}{:02x}{:02x}", level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        _ => format!("#{0:02x}{0:02x}{0:02x}", 8 + (number - 232) * 10),
    }
}

fn attributes(style: &Style) -> String {
    let mut marks = String::new();
    for (set, mark) in [
        (style.bold, " font-weight=\"bold\""),
        (style.italic, " font-style=\"italic\""),
        (style.dim, " opacity=\"0.6\""),
    ] {
        if set {
            marks.push_str(mark);
        }
    }
    marks
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[test]
fn runs_are_drawn_with_their_colours_and_text_cannot_break_out() {
    let mut screen = Screen::new(protocol::Size { cols: 20, rows: 2 }, 0);
    screen.feed(b"\x1b[31;44ma<b>&\x1b[0m \x1b[1mbold\x1b[0m");
    let drawn = draw(&screen);
    assert!(drawn.contains("a&lt;b&gt;&amp;</text>") && !drawn.contains("a<b"));
    assert!(drawn.contains(PALETTE[1]) && drawn.contains(&format!("fill=\"{}\"/>", PALETTE[4])));
    assert!(drawn.contains("font-weight=\"bold\""));
}
