//! What looks like a secret and is none: placeholders, names of variables, calls, paths, plain words.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What people write where a secret would be. Long enough, or of such signs, that chance does not make them.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "placeholder",
    "xxxxx",
    "*****",
    "...",
    "…",
    "your_",
    "your-",
    "yourkey",
    "yourtoken",
    "<",
    ">",
    "${",
    "{{",
    "$(",
    "changeme",
    "change-me",
    "change_me",
    "replaceme",
    "replace-me",
    "replace_me",
    "redacted",
    "not-a-real",
    "not_a_real",
    "_here",
    "-here",
    "1234567890abcdef",
    "abcdefghijkl",
    "00000000",
    crate::MASK,
];

/// The same in what somebody chose, where chance need not be thought of.
const FILLERS: &[&str] = &[
    "pass", "pwd", "secret", "token", "dummy", "sample", "insert", "fake", "xxx", "todo", "apikey",
    "api_key", "key_",
];

/// Words that say what a value must be.
const WORDS: &[&str] =
    &["required", "optional", "string", "null", "none", "true", "false", "undefined", "min", "max", "user"];

/// How values begin that say where to look, and not what it is.
const REFERENCES: &[&str] = &[
    "_",
    "/",
    "./",
    "../",
    "~/",
    "http:",
    "https:",
    "file:",
    "env:",
    "env.",
    "vault:",
    "op://",
    "arn:",
    "projects/",
    "secret/",
    "process.",
    "os.",
    "self.",
    "this.",
    "config.",
    "settings.",
    "req.",
    "request.",
    "props.",
    "state.",
    "ctx.",
    "opts.",
    "options.",
    "args.",
    "params.",
    "data.",
    "form.",
    "user.",
    "%(",
    "{",
    "[",
    "&",
    "@{",
    "ref+",
    "ssm:",
    "sha256:",
    "ENC[",
];

/// Chance makes more bits than this in each character of a key.
const RANDOM_BITS: f32 = 2.7;
/// The same for keys that nothing but a name announces.
const KEY_BITS: f32 = 3.0;

/// Everything; for patterns that say it all.
pub(super) fn is_any(_: &str) -> bool {
    true
}

/// Whether a machine made it.
pub(super) fn is_random(secret: &str) -> bool {
    is_real(secret) && bits(secret) >= RANDOM_BITS
}

/// Whether it is no placeholder.
pub(super) fn is_real(secret: &str) -> bool {
    let lower = secret.to_lowercase();
    bits(secret) > 1.5 && !PLACEHOLDERS.iter().any(|word| lower.contains(word))
}

/// Whether somebody may have chosen it as the password in an address, where hardly anything else can stand.
pub(super) fn is_chosen(secret: &str) -> bool {
    let lower = secret.to_ascii_lowercase();
    is_real(secret) && !is_variable(secret) && !FILLERS.contains(&lower.as_str()) && lower != "password"
}

/// Whether it is a password that stands behind its name: not all that does is one.
pub(super) fn is_password(secret: &str) -> bool {
    let letters = secret.chars().filter(char::is_ascii_alphabetic).count();
    let plain = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '-' | '.' | '/' | ':' | ' ');
    let length = secret.chars().count();
    length >= 5
        && !secret.contains(' ')
        && if letters == 0 { length >= 6 && bits(secret) > 1.5 } else { !secret.chars().all(plain) }
        && is_value(secret)
}

/// Whether it is a key that stands behind its name.
pub(super) fn is_key(secret: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-./+=~%!$#*|".contains(c);
    let has = |which: fn(&char) -> bool| secret.chars().any(|c| which(&c));
    secret.len() >= 12
        && secret.chars().all(fits)
        && has(char::is_ascii_digit)
        && (has(char::is_ascii_alphabetic) || secret.len() >= 20)
        && bits(secret) >= KEY_BITS
        && !is_slug(secret)
        && is_value(secret)
}

/// Whether it is a name and a password in base64.
pub(super) fn is_basic(secret: &str) -> bool {
    let bare = secret.trim_end_matches('=');
    let decoded = STANDARD_NO_PAD.decode(bare).or_else(|_| URL_SAFE_NO_PAD.decode(bare));
    let Some((_, password)) = decoded.ok().and_then(|bytes| {
        let text = String::from_utf8(bytes).ok()?;
        let (name, password) = text.split_once(':')?;
        Some((name.to_owned(), password.to_owned()))
    }) else {
        return false;
    };
    password.len() >= 3 && !password.chars().any(char::is_control) && is_chosen(&password)
}

/// Whether a value is none of those that only speak of a secret.
fn is_value(value: &str) -> bool {
    let lower = value.to_lowercase();
    let is_dated = value.len() >= 10
        && value.bytes().take(10).enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let says =
        |word: &str| lower.strip_prefix(word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    let refers =
        REFERENCES.iter().any(|start| value.starts_with(start)) || WORDS.iter().any(|word| says(word));
    let is_own_name = is_name(value) && FILLERS.iter().any(|word| lower.contains(word));
    is_real(value) && !is_variable(value) && !is_dated && !refers && !is_own_name
}

/// Whether it is put in by a shell, a template or a printer: `$NAME`, `%NAME%`, `%s`, `!vault`, `***`.
fn is_variable(value: &str) -> bool {
    let rest =
        value.trim_start_matches(['$', '%', '!', ':', '@', '*', '-', '_', '#']).trim_end_matches(['%', '*']);
    let begins = rest.len() < value.len() && !value.starts_with('_');
    begins && rest.chars().all(|c| c.is_ascii_alphabetic() || c == '_')
}

/// Whether it could be a name in a program.
fn is_name(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || "_-.$:?/".contains(c))
}

/// Whether it is words and numbers with signs between them, such as `my-app-tls-2024` or `gpt-4o-mini`.
fn is_slug(value: &str) -> bool {
    let is_short = |part: &str| part.len() <= 3;
    let wordy = |part: &str| {
        part.chars().all(|c| c.is_ascii_digit())
            || part.trim_end_matches(|c: char| c.is_ascii_digit()).chars().all(|c| c.is_ascii_alphabetic())
    };
    let parts: Vec<&str> = value.split(['-', '_', '.', '/', ':', '@']).collect();
    // Half of a key that is cut by signs can look like a word; all of it hardly.
    parts.len() >= 2 && parts.iter().all(|part| is_short(part) || (wordy(part) && part.len() <= 16))
}

/// Shannon's entropy of its characters, in bits for each.
fn bits(text: &str) -> f32 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let all = text.len().max(1) as f32;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| *count as f32 / all)
        .map(|part| -part * part.log2())
        .sum()
}
