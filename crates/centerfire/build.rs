//! Links the program so that its processes share their pages, on Linux with glibc.
//!
//! A session has three small processes of this file. What the loader writes at the start of each is private to it, and
//! so is what each library takes for itself.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=imports.txt");
    let is = |name: &str, value: &str| std::env::var(name).is_ok_and(|found| found == value);
    if !is("CARGO_CFG_TARGET_OS", "linux") {
        return;
    }
    // At a fixed address 280 KB of tables need not be written.
    println!("cargo:rustc-link-arg-bins=-no-pie");
    if !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return;
    }
    gather_imports();
    // `cc` knows where its own archives are, and no other machine's.
    if std::env::var("HOST") == std::env::var("TARGET") {
        link_unwinder();
    }
}

/// Has the addresses of libc's functions follow each other: the linker gives places in the order in which it hears of
/// them. As they come, they lie on seven pages of which the loader has to write a word or two each.
fn gather_imports() {
    let names = std::fs::read_to_string("imports.txt").expect("the list is beside this file");
    for name in names.lines() {
        println!("cargo:rustc-link-arg-bins=-Wl,-u,{name}");
    }
}

/// Takes the unwinder into the program, where the compiler has it as an archive: one library less to load, 8 KB.
fn link_unwinder() {
    let compiler = Command::new("cc").arg("-print-file-name=libgcc_eh.a").output();
    let Ok(answer) = compiler else { return };
    let archive = String::from_utf8_lossy(&answer.stdout);
    let archive = Path::new(archive.trim());
    // A compiler without it repeats the name.
    if let Some(folder) = archive.parent().filter(|_| archive.is_absolute()) {
        println!("cargo:rustc-link-search=native={}", folder.display());
        println!("cargo:rustc-link-lib=static=gcc_eh");
    }
}
