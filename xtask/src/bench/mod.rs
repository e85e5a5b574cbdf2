//! `cargo xtask bench`: Centerfire and its peers in one run, as ratios. A figure is a file in `figures`, a peer a row
//! in `peer`; the child that all of them run is in `workload`. Nothing here passes or fails: a peer that is missing
//! or hangs is a line in the report.

mod chart;
mod command;
mod document;
mod drain;
mod figures;
mod ground;
mod interrupt;
pub mod load;
mod machine;
mod options;
mod outer;
mod peer;
mod processes;
mod report;
mod scale;
mod session;
mod statistics;
mod table;
mod watch;
mod web;
pub mod workload;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use chart::{CHARTS, draw};
use figures::{FIGURES, Field};
use machine::Machine;
use options::{Options, USAGE};
use peer::{BARE, PEERS, Places, Present, YARDSTICK};
use report::{Missing, Report};
use scale::Scale;
use table::Table;
use web::server::{Found, NODE_PTY, SERVERS};

/// Measures what the words ask for, prints the summary and writes the documents.
pub fn run(words: &[String]) -> Result<()> {
    let options = Options::parse(words)?;
    if options.help {
        println!("{USAGE}");
        return Ok(());
    }
    check_names(&options)?;
    interrupt::clean_up_when_interrupted()?;
    let root = repository();
    let machine = Machine::look();
    let default = || root.join("target/release/centerfire");
    let places =
        Places { root: root.clone(), centerfire: options.centerfire.clone().unwrap_or_else(default) };
    let (peers, mut missing) = find_peers(&options, &places);
    let (servers, missing_servers) = find_servers(&options, &places);
    missing.extend(missing_servers);
    let scale = if options.quick { Scale::quick() } else { Scale::full() };
    let field = Field { peers, servers, ripgrep: ripgrep(), scale };
    let tables = measure(&options, &field);
    let command = [&["xtask".to_owned(), "bench".to_owned()], words].concat().join(" ");
    let report = Report { command, machine, field, missing, tables };
    write(&report, &options, &root)?;
    print!("{}", report.summary());
    Ok(())
}

/// The root of the repository, whose member this crate is.
fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("this crate is a folder of the repository").to_owned()
}

fn check_names(options: &Options) -> Result<()> {
    for name in &options.only {
        let known = FIGURES.iter().any(|(figure, _)| options::means(name, figure));
        ensure!(known, "there is no figure {name}\n{USAGE}");
    }
    for name in &options.peers {
        let servers = SERVERS.iter().map(|server| server.name);
        let names: Vec<&str> = PEERS.iter().map(|peer| peer.name).chain(servers).collect();
        ensure!(names.contains(&name.as_str()), "there is no peer {name}; there are {}", names.join(", "));
    }
    Ok(())
}

/// Whether a row is to be measured: those that the ratios are to always are.
fn wanted(options: &Options, name: &str) -> bool {
    let always = [BARE, YARDSTICK, NODE_PTY].contains(&name);
    always || options.peers.is_empty() || options.peers.iter().any(|peer| peer == name)
}

fn find_peers(options: &Options, places: &Places) -> (Vec<Present>, Vec<Missing>) {
    let (mut present, mut missing) = (Vec::new(), Vec::new());
    for peer in PEERS.iter().filter(|peer| wanted(options, peer.name)) {
        match peer.find(places) {
            Some(Ok(found)) => present.push(found),
            Some(Err(why)) => missing.push(Missing { name: peer.name, why, servers: false }),
            None => {}
        }
    }
    (present, missing)
}

/// The version of ripgrep, beside which search is measured.
fn ripgrep() -> Option<String> {
    let said =
        command::text(std::process::Command::new("rg").arg("--version"), Duration::from_secs(5)).ok()?;
    said.lines().next().map(str::to_owned)
}

fn find_servers(options: &Options, places: &Places) -> (Vec<Found>, Vec<Missing>) {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for server in SERVERS.iter().filter(|server| wanted(options, server.name)) {
        match server.find(places) {
            Ok(server) => found.push(server),
            Err(why) => missing.push(Missing { name: server.name, why, servers: true }),
        }
    }
    (found, missing)
}

/// A figure that cannot be taken at all is said and left out; the others go on.
fn measure(options: &Options, field: &Field) -> Vec<Table> {
    let wanted = FIGURES.iter().filter(|(name, _)| options.wants(name));
    wanted
        .flat_map(|(name, measure)| {
            measure(field).unwrap_or_else(|error| {
                eprintln!("{name}: not measured, {error:#}");
                Vec::new()
            })
        })
        .collect()
}

fn write(report: &Report, options: &Options, root: &Path) -> Result<()> {
    let docs = options.docs.clone().unwrap_or_else(|| root.join("docs"));
    let images = docs.join("images");
    std::fs::create_dir_all(&images).with_context(|| format!("create {}", images.display()))?;
    for chart in CHARTS {
        if let Some(svg) = draw(chart, &report.tables) {
            write_file(&images.join(chart.file), &svg)?;
        }
    }
    if let Some(path) = &options.json {
        write_file(path, &format!("{:#}\n", report.json()))?;
    }
    report.documents().try_for_each(|(file, text)| write_file(&docs.join(file), &text))
}

fn write_file(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("write {}", path.display()))
}
