//! All secret shapes are masked, and nothing else is.

use crate::cases::{expand, lines};
use redact::{mask, redact};

const SECRETS: &str = include_str!("../../cases/secrets.txt");
const KEPT: &str = include_str!("../../cases/kept.txt");
/// Cases of each kind at least.
const CASES_MIN: usize = 200;

/// A text, and what must come of it.
struct Case {
    text: String,
    expect: String,
}

/// The cases with secrets, their marks taken out.
pub fn secrets() -> Vec<(String, String)> {
    cases().into_iter().map(|case| (case.text, case.expect)).collect()
}

fn cases() -> Vec<Case> {
    let case = |line| {
        let (rule, marked) = str::split_once(line, " | ").expect("a case is `rule | text`");
        let mut expect = String::new();
        let marked = expand(marked);
        let mut rest = marked.as_str();
        while let Some((before, after)) = rest.split_once('«') {
            expect += before;
            expect += &mask(rule);
            rest = after.split_once('»').expect("a mark ends").1;
        }
        Case { text: marked.replace(['«', '»'], ""), expect: expect + rest }
    };
    lines(SECRETS).map(case).collect()
}

#[test]
fn every_secret_shape_is_masked_and_what_stands_around_it_is_kept() {
    let cases = cases();
    let missed = cases.iter().filter(|case| redact(&case.text).text != case.expect);
    let missed: Vec<String> = missed
        .map(|case| format!("{}\n  gave {}\n  not  {}\n", case.text, redact(&case.text).text, case.expect))
        .collect();
    assert!(missed.is_empty(), "{} of {}:\n{}", missed.len(), cases.len(), missed.concat());
    assert!(cases.len() >= CASES_MIN);
}

#[test]
fn what_only_looks_like_a_secret_is_kept() {
    let kept: Vec<String> = lines(KEPT).map(expand).collect();
    let masked = kept.iter().filter(|text| !redact(text).found.is_empty());
    let masked: Vec<String> = masked.map(|text| format!("{text}\n  gave {}\n", redact(text).text)).collect();
    assert!(masked.is_empty(), "{} of {}:\n{}", masked.len(), kept.len(), masked.concat());
    assert!(kept.len() >= CASES_MIN);
}
