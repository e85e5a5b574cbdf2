//! How fast the screen takes in output, and what it holds of it in memory.
//!
//! `cargo run --release -p terminal --example feed`

use protocol::Size;
use std::time::Instant;
use terminal::Screen;

/// Bytes fed for one figure.
const FED: usize = 256 << 20;
/// Lines of history, as a session keeps them.
const HISTORY: usize = 2_000;

fn main() {
    let size = Size { cols: 120, rows: 40 };
    println!("fresh 120x40: {} bytes", Screen::new(size, HISTORY).memory());
    for (name, sample) in
        [("plain", plain()), ("coloured TUI", tui()), ("coloured scroll", scroll()), ("CJK", cjk())]
    {
        let mut screen = Screen::new(size, HISTORY);
        let started = Instant::now();
        let rounds = FED / sample.len();
        for _ in 0..rounds {
            screen.feed(&sample);
        }
        let rate = (rounds * sample.len()) as f64 / 1e6 / started.elapsed().as_secs_f64();
        let mut short = Screen::new(size, HISTORY);
        sample.iter().cycle().take(256 << 10).for_each(|byte| short.feed(&[*byte]));
        let started = Instant::now();
        let dump = screen.dump(usize::MAX).len();
        let dumped = started.elapsed().as_secs_f64() * 1e3;
        println!(
            "{name:16} {rate:6.0} MB/s, {:4} KB after 256 KB, {:4} KB at the end, {:4} KB dumped in {dumped:.1} ms",
            short.memory() >> 10,
            screen.memory() >> 10,
            dump >> 10
        );
    }
}

/// Text as `cat` shows it.
fn plain() -> Vec<u8> {
    let words = "the terminal keeps what scrolled off its top as packed lines and draws the rest ";
    (40..118).flat_map(|length| format!("{}\r\n", &words.repeat(2)[..length]).into_bytes()).collect()
}

/// A screen drawn again and again with positions and colours.
fn tui() -> Vec<u8> {
    let mut out = Vec::new();
    for row in 1..=40 {
        out.extend(format!("\x1b[{row};1H\x1b[38;5;{}m│\x1b[0m ", row + 20).bytes());
        for column in 0..6 {
            let (style, text) = (31 + column, "process name");
            out.extend(format!("\x1b[1;{style}m{text}\x1b[0m {:>4} ", row * column).bytes());
        }
        out.extend(b"\x1b[48;2;30;40;50m\x1b[K\x1b[m");
    }
    out
}

/// Coloured lines that scroll, as a build prints them.
fn scroll() -> Vec<u8> {
    let mut out = Vec::new();
    for line in 0..50 {
        let text = "src/terminal/screen/history.rs: something to say about this line";
        out.extend(
            format!("\x1b[32m   Compiling\x1b[0m unit {line} \x1b[1;34m-->\x1b[0m {text}\r\n").bytes(),
        );
    }
    out
}

/// Wide characters that wrap.
fn cjk() -> Vec<u8> {
    "終端機畫面的每一行都會保存在記憶體中\u{1f600} ".repeat(30).into_bytes()
}
