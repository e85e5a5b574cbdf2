//! How the program is linked: what the loader writes is private to each of the three processes of a session.

use std::collections::BTreeMap;
use std::process::Command;

fn readelf(what: &str) -> String {
    let told = Command::new("readelf").args([what, "--wide", env!("CARGO_BIN_EXE_centerfire")]).output();
    String::from_utf8(told.expect("readelf comes with the linker").stdout).unwrap()
}

/// A name that `imports.txt` lacks has its address between those of the program's own functions, on a page for itself.
#[test]
fn the_addresses_that_the_loader_fills_lie_together() {
    let told = readelf("--relocs");
    let mut pages: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for line in told.lines() {
        let fields: Vec<_> = line.split_whitespace().collect();
        if let [at, _, "R_X86_64_GLOB_DAT" | "R_X86_64_JUMP_SLOT", _, name, ..] = fields[..] {
            let page = u64::from_str_radix(at, 16).unwrap() >> 12;
            pages.entry(page).or_default().push(name);
        }
    }
    // Two tables on a page or two each, and what only a later libc has.
    assert!(cfg!(not(target_arch = "x86_64")) || (2..=5).contains(&pages.len()), "{pages:#?}");
}

/// Each library is 8 to 13 KB in each process, and a part of a millisecond at each start.
#[test]
fn no_library_is_loaded_but_libc() {
    let told = readelf("--dynamic");
    let needed = told.lines().filter(|line| line.contains("(NEEDED)"));
    let others: Vec<_> =
        needed.filter(|line| !line.contains("[libc.so") && !line.contains("[ld-linux")).collect();
    assert!(others.is_empty(), "{others:#?}");
}
