//! Where packages come from is the affair of whoever builds. A host in a file of ours, such as the `resolved` of a lock
//! file, would send everyone to the registry, or the mirror, of the one who wrote it. Cargo.lock alone names its own.
//!
//! The hosts are put together here from two halves each, so that this file has none of them.

use super::tree::{Finding, Tree};

const HOSTS: &[&str] = &[
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("github.com/rust-lang/", "crates.io-index"),
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("npm.pkg.", "github.com"),
    concat!("pypi.", "org"),
    concat!("files.", "pythonhosted.org"),
    concat!("proxy.", "golang.org"),
    concat!("deb.", "debian.org"),
];

/// Finds the hosts of package registries.
pub fn hosts(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.files.iter().filter(|file| file.path != "Cargo.lock") {
        for (index, line) in file.text.lines().enumerate() {
            let here = HOSTS.iter().filter(|host| line.contains(*host));
            let what = |host: &&str| format!("`{host}`: leave it to the settings of whoever builds");
            found.extend(here.map(|host| Finding::at(file, index, what(host))));
        }
    }
    found
}

#[test]
fn a_host_in_a_lock_file_is_found_and_cargos_own_is_not() {
    let line = format!("\"resolved\": \"https://{}/x.tgz\"", HOSTS[3]);
    assert_eq!(hosts(&Tree::of(&[("tests/package-lock.json", &line)])).len(), 1);
    assert!(hosts(&Tree::of(&[("Cargo.lock", &line)])).is_empty());
}
