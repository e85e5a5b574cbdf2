//! Recordings of real programs, for the tests against xterm. Made with util-linux `script` at 80x24.

/// Every recording, by name.
pub fn all() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of recordings")
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "bin"))
        .map(|path| (path.display().to_string(), std::fs::read(&path).expect("a recording")))
        .collect();
    found.sort();
    found
}
