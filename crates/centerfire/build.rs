//! Links the program at a fixed address on Linux.
//!
//! A position-independent program is relocated at every start: the loader writes some 280 KB of tables, private to
//! each process. A session has three small processes of this file; at a fixed address those pages stay shared and
//! untouched.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
}
