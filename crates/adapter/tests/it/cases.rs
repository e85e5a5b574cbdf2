//! Every folder of cases: what is read of it is what its `expect.json` says.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::reading::Reading;

/// Lines before a difference that are shown with it.
const BEFORE: usize = 4;

/// Lines of a difference that are shown.
const SHOWN: usize = 12;

#[test]
fn every_case_is_read_as_it_says() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let write = std::env::var("CASES").is_ok_and(|what| what == "write");
    let mut wrong = Vec::new();
    let mut count = 0;
    for adapter in adapter::ADAPTERS {
        let transcripts = |case: &PathBuf| case.file_name().is_some_and(|name| name != "screens");
        for case in folders(&cases.join(adapter.name())).into_iter().filter(transcripts) {
            count += 1;
            let (mut reading, mut steps) = (Reading::default(), Reading::default());
            for file in files(&case) {
                let at = file.strip_prefix(&case).expect("it lies there");
                // `NAME.db.jsonl` are the rows of the database NAME.db.
                let database = at.with_extension("");
                let at = if database.extension().is_some_and(|kind| kind == "db") { &database } else { at };
                reading.read(*adapter, &file, at);
                steps.read_in_steps(*adapter, &file, at);
            }
            let got = reading.json();
            let name = case.strip_prefix(&cases).expect("it lies there").display().to_string();
            if let Some(difference) = difference(&got, &steps.json()) {
                wrong.push(format!(
                    "{name}: read with a new reader for each record, it differs\n{difference}"
                ));
            }
            let expect = case.join("expect.json");
            if write {
                fs::write(&expect, format!("{got:#}\n")).unwrap();
            }
            let expected =
                fs::read(&expect).map_or(Value::Null, |text| serde_json::from_slice(&text).unwrap());
            wrong.extend(difference(&expected, &got).map(|difference| format!("{name}:\n{difference}")));
        }
    }
    assert!(wrong.is_empty(), "{}\n(CASES=write writes what was read into expect.json)", wrong.join("\n\n"));
    assert!(count > 0, "there are cases");
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// All files of a case but its expectation, by their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if path.file_name().is_some_and(|name| name != "expect.json") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The first lines in which two values differ.
fn difference(expected: &Value, got: &Value) -> Option<String> {
    let (expected, got) = (format!("{expected:#}"), format!("{got:#}"));
    let (expected, got): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), got.lines().collect());
    let same = expected.iter().zip(&got).take_while(|(left, right)| left == right).count();
    if same == expected.len() && same == got.len() {
        return None;
    }
    let lines = |mark: &str, lines: &[&str], from: usize, count: usize| -> String {
        lines.iter().skip(from).take(count).map(|line| format!("{mark} {line}\n")).collect()
    };
    let before = same.saturating_sub(BEFORE);
    Some(format!(
        "from line {}:\n{}{}{}",
        same + 1,
        lines(" ", &expected, before, same - before),
        lines("-", &expected, same, SHOWN),
        lines("+", &got, same, SHOWN)
    ))
}
