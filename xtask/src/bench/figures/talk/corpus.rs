//! Generated transcripts in the form of Claude Code, the same each time: words by Zipf's law, as in any text, beside names of
//! code, with a call of a tool and its result now and then.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::json;

/// Entries of a conversation.
const ENTRIES: usize = 1_000;
/// Different words. Those of the lowest numbers are everywhere, of the highest in a few entries of a million.
const WORDS: f64 = 1_000_000.0;

/// Numbers that look random.
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// From 0 to 1.
    pub fn share(&mut self) -> f64 {
        self.next() as f64 / (1_u64 << 31) as f64
    }

    /// A word; the second one half as often as the first, the third a third as often.
    fn word(&mut self, text: &mut String) {
        let rank = WORDS.powf(self.share()) as u64;
        text.push_str(&word(rank));
        text.push(if self.next().is_multiple_of(12) { '\n' } else { ' ' });
    }
}

/// The word of a rank: syllables that can be spoken, another one for each rank.
pub fn word(rank: u64) -> String {
    const CONSONANTS: &[u8; 20] = b"bcdfghjklmnpqrstvwxz";
    const VOWELS: &[u8; 5] = b"aeiou";
    let (mut word, mut left) = (String::new(), rank + 100);
    while left > 0 {
        let syllable = (left % 100) as usize;
        word.push(char::from(CONSONANTS[syllable / 5]));
        word.push(char::from(VOWELS[syllable % 5]));
        left /= 100;
    }
    word
}

/// Writes so many entries of about so many bytes of text below a home; bytes of all files.
pub fn write(home: &Path, entries: usize, text_bytes: usize) -> Result<u64> {
    let folder = home.join(".claude/projects/-w");
    std::fs::create_dir_all(&folder).context("create the transcripts' folder")?;
    let mut chance = Chance(1);
    let mut bytes = 0;
    for conversation in 0..entries.div_ceil(ENTRIES) {
        let name = format!("{conversation:08x}-0000-4000-8000-000000000000");
        let path = folder.join(format!("{name}.jsonl"));
        let mut file = BufWriter::new(File::create(&path).context("create a transcript")?);
        for number in (conversation * ENTRIES..entries).take(ENTRIES) {
            let mut text = String::with_capacity(text_bytes + 64);
            while text.len() < text_bytes {
                chance.word(&mut text);
            }
            let line = line(&name, number, &text).to_string();
            bytes += line.len() as u64 + 1;
            writeln!(file, "{line}").context("write a transcript")?;
        }
        file.flush().context("write a transcript")?;
    }
    Ok(bytes)
}

fn line(conversation: &str, number: usize, text: &str) -> serde_json::Value {
    let call = format!("call{}", number / 4);
    let (kind, message) = match number % 4 {
        0 => ("user", json!({ "role": "user", "content": text })),
        1 => {
            let block =
                json!({ "type": "tool_use", "id": call, "name": "Bash", "input": { "command": text } });
            (
                "assistant",
                json!({ "role": "assistant", "id": format!("m{number}"), "model": "m", "content": [block] }),
            )
        }
        2 => {
            let block = json!({ "type": "tool_result", "tool_use_id": call, "content": text });
            ("user", json!({ "role": "user", "content": [block] }))
        }
        _ => {
            let block = json!({ "type": "text", "text": text });
            (
                "assistant",
                json!({ "role": "assistant", "id": format!("m{number}"), "model": "m", "content": [block] }),
            )
        }
    };
    json!({
        "type": kind, "uuid": format!("u{number}"), "sessionId": conversation, "cwd": format!("/w/p{}", number / ENTRIES % 20),
        "version": "2.1.329", "message": message,
        "timestamp": format!("2026-01-{:02}T{:02}:{:02}:{:02}Z", 1 + number / 86_400 % 28, number / 3600 % 24, number / 60 % 60, number % 60),
    })
}
