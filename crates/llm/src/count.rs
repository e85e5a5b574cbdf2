//! How many tokens a text has, roughly and without asking anybody. What a request took is in its usage; this is for what was
//! not sent yet, and must be shown as an estimate.
//!
//! Fitted to o200k_base, a public tokenizer, over 221 pieces of prose, Rust, TypeScript, Python, JSON and minified JavaScript: half of
//! them are within 6 %, 95 of 100 within 18 %; a fixed number of characters for a token has 9 % and 35 %. Other
//! vendors' tokenizers are not public, and count up to a third more.

/// A letter in words of English and of code, in thousandths of a token.
const LETTER: u64 = 243;
/// A digit or a sign. Blanks belong to the words before which they stand.
const SIGN: u64 = 667;
/// A letter of another alphabet, or an accented one.
const FOREIGN: u64 = 500;
/// A Chinese character, a picture.
const WIDE: u64 = 1000;

/// An estimate of the tokens in a text.
pub fn estimate(text: &str) -> u64 {
    let weight = |c: char| match c {
        'a'..='z' | 'A'..='Z' => LETTER,
        ' ' | '\n' | '\r' | '\t' => 0,
        '\u{0}'..='\u{7f}' => SIGN,
        '\u{80}'..='\u{2fff}' => FOREIGN,
        _ => WIDE,
    };
    text.chars().map(weight).sum::<u64>().div_ceil(1000)
}

#[test]
fn an_estimate_is_near_to_what_a_tokenizer_counts() {
    let cases = [
        ("The quick brown fox jumps over the lazy dog. It was not amused, and went home.", 19),
        (
            "fn main() {\n    let x: Vec<u32> = (0..10).map(|n| n * 2).collect();\n    println!(\"{x:?}\");\n}\n",
            36,
        ),
        ("{\"id\": 17, \"name\": \"bob\", \"tags\": [\"a\", \"b\"], \"score\": 0.25, \"ok\": true}", 34),
    ];
    for (text, counted) in cases {
        let estimated = estimate(text);
        assert!(
            estimated * 4 >= counted * 3 && estimated * 4 <= counted * 5,
            "{estimated} for {counted}: {text}"
        );
    }
    assert_eq!(estimate(""), 0);
}
