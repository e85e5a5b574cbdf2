//! Reads the cases of a file; its README has the grammar. What is made up by chance depends on the line alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const DIGITS: &str = "0123456789";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// The letters in which age writes its keys.
const BECH: &str = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
/// Bytes in a line of PEM.
const PEM_WIDTH: usize = 64;

/// The cases in a file's text.
pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#') || line.starts_with("#ff"))
}

/// Puts chance into a case.
pub fn expand(case: &str) -> String {
    let mut chance = Chance(case.bytes().fold(14_695_981_039_346_656_037, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211)
    }));
    let mut text = String::new();
    let mut rest = case;
    while let Some(c) = rest.chars().next() {
        if let Some((made, after)) = braces(rest, &mut chance) {
            text.push_str(&made);
            rest = after;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        if c == '\\' {
            let escape = rest.chars().next().expect("something follows a backslash");
            rest = &rest[escape.len_utf8()..];
            text.push(match escape {
                'n' => '\n',
                't' => '\t',
                'e' => '\x1b',
                other => other,
            });
        } else {
            text.push(c);
        }
    }
    text
}

/// What the braces at the beginning stand for, if they are ours.
fn braces<'a>(text: &'a str, chance: &mut Chance) -> Option<(String, &'a str)> {
    let (inside, after) = text.strip_prefix('{')?.split_once('}')?;
    let (kind, argument) = inside.split_once(':').unwrap_or((inside, ""));
    let count = argument.parse().unwrap_or(0);
    let base64 = format!("{UPPER}{LOWER}{DIGITS}+/");
    let made = match (kind, argument) {
        ("62", _) => chance.text(&format!("{UPPER}{LOWER}{DIGITS}"), count),
        ("lower", _) => chance.text(&format!("{LOWER}{DIGITS}"), count),
        ("upper", _) => chance.text(&format!("{UPPER}{DIGITS}"), count),
        ("hex", _) => chance.text("0123456789abcdef", count),
        ("HEX", _) => chance.text("0123456789ABCDEF", count),
        ("digits", _) => chance.text(DIGITS, count),
        ("32", _) => chance.text(&format!("{UPPER}234567"), count),
        ("bech", _) => chance.text(BECH, count),
        ("b64", _) => chance.text(&base64, count),
        // A sign at an end would be taken for the text's.
        ("url", _) => {
            let inner = chance.text(&format!("{UPPER}{LOWER}{DIGITS}-_"), count - 2);
            format!("{}{inner}{}", chance.text(LOWER, 1), chance.text(DIGITS, 1))
        }
        ("pass", _) => {
            let inner = chance.text(&format!("{UPPER}{LOWER}{DIGITS}!#%^*+=?_-."), count - 3);
            format!("{}{}{inner}{}", chance.text(LOWER, 1), chance.text(DIGITS, 1), chance.text(UPPER, 1))
        }
        ("uuid", _) => {
            let parts = [8, 4, 4, 4, 12].map(|length| chance.text("0123456789abcdef", length));
            parts.join("-")
        }
        ("jwt", _) => {
            let mut part = |length| chance.text(&format!("{UPPER}{LOWER}{DIGITS}"), length);
            format!("eyJhbGciOi{}.eyJ{}.{}", part(20), part(120), part(43))
        }
        ("basic", name) => {
            let password = chance.text(&format!("{UPPER}{LOWER}{DIGITS}"), 14);
            STANDARD.encode(format!("{name}:{password}"))
        }
        ("pem" | "pemj", _) => {
            let lines: Vec<String> = (0..count).map(|_| chance.text(&base64, PEM_WIDTH)).collect();
            lines.join(if kind == "pem" { "\n" } else { "\\n" })
        }
        _ => return None,
    };
    Some((made, after))
}

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn text(&mut self, letters: &str, count: usize) -> String {
        let letters = letters.as_bytes();
        (0..count).map(|_| char::from(letters[(self.next() % letters.len() as u64) as usize])).collect()
    }
}
