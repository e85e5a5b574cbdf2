//! Chores of the workspace that are programs, not scripts. `cargo xtask bench` measures Centerfire beside its
//! peers; `xtask workload …` is the child that every peer runs during those measurements. `cargo xtask fuzz` attacks the
//! parsers, `cargo xtask tidy` checks the house rules, `cargo xtask picture` draws the picture of the README.

mod bench;
mod fuzz;
mod picture;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask bench [options]      measure (cargo xtask bench --help)
       cargo xtask fuzz [options]       attack the parsers with bytes (--seconds N, TARGET)
       cargo xtask tidy                 check the house rules
       cargo xtask picture              draw docs/images/terminal.svg anew";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (chore, rest) = match arguments.split_first() {
        Some((chore, rest)) => (chore.as_str(), rest),
        None => ("", &[][..]),
    };
    let done = match chore {
        "bench" => bench::run(rest),
        "fuzz" => fuzz::run(rest),
        "picture" => picture::run(rest),
        "tidy" => tidy::run(rest),
        "workload" => bench::workload::run(rest),
        _ => Err(anyhow::anyhow!(USAGE)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
