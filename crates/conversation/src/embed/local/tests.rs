//! Against the vectors and ids that others make of the same weights: `cases/embed/minilm.jsonl` is what candle and the
//! tokenizers of Hugging Face gave.

use super::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    text: String,
    ids: Vec<u32>,
    /// The vector's first numbers.
    first: Vec<f32>,
}

fn model() -> Local {
    Local::load(&testkit::tools::minilm().expect("the model")).expect("it is one")
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn ids_and_vectors_are_those_of_the_reference() {
    let model = model();
    let cases: Vec<Case> = include_str!("../../../cases/embed/minilm.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a case"))
        .collect();
    for case in &cases {
        assert_eq!(model.vocabulary.encode(&case.text, model.most), case.ids, "{}", case.text);
    }
    let texts: Vec<&str> = cases.iter().map(|case| case.text.as_str()).collect();
    for (case, vector) in cases.iter().zip(model.embed(&texts).expect("vectors")) {
        assert!((cosine(&vector, &vector) - 1.0).abs() < 1e-5);
        for (mine, other) in vector.iter().zip(&case.first) {
            assert!((mine - other).abs() < 1e-5, "{}: {vector:?} and {:?}", case.text, case.first);
        }
    }
}

#[test]
fn the_vocabulary_is_the_same_as_lines_and_as_json() {
    let folder = testkit::tools::minilm().expect("the model");
    let text = fs::read_to_string(folder.join(TOKENIZER)).expect("the file");
    let json = Vocabulary::parse_json(&text).expect("it is one");
    let lines = Vocabulary::parse(&fs::read_to_string(folder.join(VOCABULARY)).expect("the file"))
        .expect("it is one");
    let words = "Größe: cannot borrow `self.buf` as mutable, 日本 …";
    assert_eq!((json.encode(words, 99), json.len()), (lines.encode(words, 99), lines.len()));
    for (is, would_be) in
        [("\"lowercase\":true", "\"lowercase\":false"), ("\"[SEP]\":102", "\"[SEP]\":99999")]
    {
        assert!(text.contains(is), "{is}");
        assert!(Vocabulary::parse_json(&text.replace(is, would_be)).is_err(), "{would_be}");
    }
}

#[test]
fn a_text_alone_and_among_others_has_the_same_vector_and_a_long_one_is_cut() {
    let model = model();
    let long = "the same words again and again ".repeat(200);
    let texts = ["cargo test", &long, "", "a plan"];
    let together = model.embed(&texts).expect("vectors");
    for (text, among) in texts.iter().zip(&together) {
        let alone = &model.embed(&[text]).expect("a vector")[0];
        assert!(cosine(alone, among) > 0.99999, "{text}");
    }
    assert!(model.embed(&[]).expect("nothing").is_empty());
}

#[test]
fn like_meaning_is_nearer_than_like_words() {
    let model = model();
    let texts = [
        "The process was killed because it used too much memory.",
        "out of memory, the kernel stopped the program",
        "The process to apply for a visa is long.",
    ];
    let vectors = model.embed(&texts).expect("vectors");
    assert!(cosine(&vectors[0], &vectors[1]) > cosine(&vectors[0], &vectors[2]) + 0.2);
}

#[test]
fn a_folder_that_is_no_model_is_refused_with_the_file_and_the_reason() {
    let (from, to) = (testkit::tools::minilm().expect("the model"), tempfile::tempdir().expect("a folder"));
    for name in [SHAPE, VOCABULARY, WEIGHTS] {
        let error = Local::load(to.path()).err().expect("a file is missing").to_string();
        assert!(error.contains(name) && error.contains("models install"), "{error}");
        fs::copy(from.join(name), to.path().join(name)).expect("copied");
    }
    Local::load(to.path()).expect("it is whole");
    let weights = fs::OpenOptions::new().write(true).open(to.path().join(WEIGHTS)).expect("the weights");
    weights.set_len(50_000_000).expect("shortened");
    assert!(Local::load(to.path()).is_err(), "numbers are missing");
    weights.set_len(5).expect("shortened");
    assert!(Local::load(to.path()).is_err(), "the header is missing");
    for (name, text, what) in [
        (WEIGHTS, "<!doctype html><title>not here</title>", "safetensors"),
        (VOCABULARY, "[UNK]\n[CLS]\n[SEP]\n", "3 pieces"),
        (VOCABULARY, "[UNK]\n[UNK]\n[CLS]\n[SEP]\n", "twice"),
        (SHAPE, "{}", "missing field"),
    ] {
        fs::write(to.path().join(name), text).expect("written");
        let error = Local::load(to.path()).err().expect("it is no model").to_string();
        assert!(error.contains(name) && error.contains(what), "{error}");
    }
}
