//! Cuts a text into the pieces of words that a BERT model knows, as the model's own tokenizer does: lower case, without
//! accents, each sign and each Chinese character for itself, then the longest known pieces from the left.
//!
//! It differs in one place: a sign that Unicode calls a symbol, such as `→`, stands for itself like any other, where the
//! original leaves it in the word and so does not know the word.

use serde::Deserialize;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Characters of the longest word that is cut; a longer one, a key or a hash, is unknown.
const WORD_CHARS: usize = 100;

pub(super) struct Vocabulary {
    pieces: HashMap<Box<str>, u32>,
    unknown: u32,
    begin: u32,
    end: u32,
}

/// The part of `tokenizer.json` that is used.
#[derive(Deserialize)]
struct Tokenizer {
    model: Pieces,
    normalizer: Normalizer,
}

#[derive(Deserialize)]
struct Pieces {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    vocab: HashMap<Box<str>, u32>,
}

#[derive(Deserialize)]
struct Normalizer {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    lowercase: bool,
}

impl Vocabulary {
    /// From `vocab.txt`: a piece on each line, whose number is its id.
    pub fn parse(text: &str) -> Result<Self, String> {
        let pieces: HashMap<Box<str>, u32> = text.lines().map(Box::from).zip(0..).collect();
        if pieces.len() != text.lines().count() {
            return Err("a piece is there twice".to_owned());
        }
        Self::of(pieces)
    }

    /// From `tokenizer.json`, which many models have instead.
    pub fn parse_json(text: &str) -> Result<Self, String> {
        let tokenizer: Tokenizer = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let Tokenizer { model, normalizer } = tokenizer;
        if model.kind != "WordPiece" || normalizer.kind != "BertNormalizer" || !normalizer.lowercase {
            let kinds = (model.kind, normalizer.kind, normalizer.lowercase);
            return Err(format!("pieces of lower-case words are needed, and it is made for {kinds:?}"));
        }
        Self::of(model.vocab)
    }

    fn of(pieces: HashMap<Box<str>, u32>) -> Result<Self, String> {
        // An id beyond the table of words would be a row of something else.
        if pieces.values().any(|id| *id as usize >= pieces.len()) {
            return Err("its ids are not numbered through".to_owned());
        }
        let id = |piece: &str| pieces.get(piece).copied().ok_or_else(|| format!("it has no {piece}"));
        let (unknown, begin, end) = (id("[UNK]")?, id("[CLS]")?, id("[SEP]")?);
        Ok(Self { pieces, unknown, begin, end })
    }

    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// The ids of a text's pieces between the marks of begin and end, at most so many of them.
    pub fn encode(&self, text: &str, most: usize) -> Vec<u32> {
        let mut ids = vec![self.begin];
        for_each_word(text, |word| {
            self.cut(word, &mut ids);
            ids.len() < most
        });
        ids.truncate(most - 1);
        ids.push(self.end);
        ids
    }

    /// The longest known piece, then the longest that may follow it; if one is not known the whole word is not.
    fn cut(&self, word: &str, ids: &mut Vec<u32>) {
        let before = ids.len();
        if word.chars().nth(WORD_CHARS).is_some() {
            return ids.push(self.unknown);
        }
        let mut rest = word;
        let mut piece = String::new();
        while !rest.is_empty() {
            let mut ends = rest.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
            let found = ends.find_map(|end| {
                piece.clear();
                piece.push_str(if rest.len() < word.len() { "##" } else { "" });
                piece.push_str(&rest[..end]);
                self.pieces.get(piece.as_str()).map(|id| (*id, end))
            });
            let Some((id, end)) = found else {
                ids.truncate(before);
                return ids.push(self.unknown);
            };
            ids.push(id);
            rest = &rest[end..];
        }
    }
}

/// Gives each word and sign of a text, until it is told that it is enough.
fn for_each_word(text: &str, mut take: impl FnMut(&str) -> bool) {
    let mut word = String::new();
    for c in text.chars().flat_map(char::to_lowercase).nfd().filter(|c| !is_combining_mark(*c)) {
        if c.is_alphanumeric() && !is_chinese(c) {
            word.push(c);
            continue;
        }
        if c.is_control() && !c.is_whitespace() || c == '\u{fffd}' || c == '\u{200b}' {
            continue;
        }
        if !word.is_empty() && !take(&word) {
            return;
        }
        word.clear();
        if !c.is_whitespace() && !take(c.encode_utf8(&mut [0; 4])) {
            return;
        }
    }
    if !word.is_empty() {
        take(&word);
    }
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2fa1f}')
}
