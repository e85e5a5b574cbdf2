//! Making a case of what a real program wrote, with `CASES=record`.
//!
//! Folders of the test become `/w/...`, and long texts, such as instructions to the model, are cut: nothing reads them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Characters of a text that are kept, if it is longer than that and a half more.
const KEPT: usize = 400;

/// Forgets the files of a case, if cases are to be recorded.
pub fn begin(case: &str) {
    if recording() {
        // It may not be there yet.
        let _ = fs::remove_dir_all(folder(case));
    }
}

/// Writes the lines of a file into a case, if cases are to be recorded.
pub fn lines(case: &str, at: &Path, folder: &Path, lines: &str) {
    if recording() {
        let file = self::folder(case).join(at);
        let scrubbed: String = lines.lines().map(|line| scrub(line, folder) + "\n").collect();
        fs::create_dir_all(file.parent().expect("it lies in a case")).unwrap();
        fs::write(file, scrubbed).unwrap();
    }
}

fn recording() -> bool {
    std::env::var("CASES").is_ok_and(|what| what == "record")
}

fn folder(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(case)
}

fn scrub(line: &str, folder: &Path) -> String {
    let line = line.replace(&folder.to_string_lossy().into_owned(), "/w");
    let Ok(mut record) = serde_json::from_str::<Value>(&line) else { return line };
    cut(&mut record);
    record.to_string()
}

fn cut(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > KEPT * 3 / 2 => {
            text.truncate(text.floor_char_boundary(KEPT));
            text.push_str(" [cut]");
        }
        Value::Array(values) => values.iter_mut().for_each(cut),
        Value::Object(members) => members.values_mut().for_each(cut),
        _ => {}
    }
}
