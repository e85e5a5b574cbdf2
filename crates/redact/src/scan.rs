//! Finds secrets: one pass of an automaton over all keywords, and a rule's pattern only where one of its own stands.

use crate::rules::{Place, RULES, Rule};
use crate::{Cut, Found, MASK, block};
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::Regex;
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

/// How far a pattern looks; a secret that goes on behind it is followed to its end.
const WINDOW_BYTES: usize = 8 << 10; // 8 KiB
/// A value that is longer than this and is no secret is not looked into again, so that time stays in proportion.
const LONG_BYTES: usize = 512;
/// At a cut end, a keyword so near to it makes the last word suspect.
const NEAR_BYTES: usize = 256;
/// What stands between a name and its value.
const SIGNS: [char; 8] = [':', '=', '>', ',', '/', '.', '~', '$'];
/// From the name of a value to the value at most.
const NAME_BYTES: usize = 64;
/// A first word shorter than this may stay where the start is cut: the rest of a secret is no use.
const REST_MIN: usize = 4;
/// The longest mask is shorter.
const MASK_MAX_BYTES: usize = 48;
/// The rule that stands in a mask where a text was cut.
pub(crate) const AT_CUT: &str = "cut";

static SCANNER: LazyLock<Scanner> = LazyLock::new(Scanner::new);

/// The automaton, and for each of its keywords the rules that want to look.
struct Scanner {
    automaton: AhoCorasick,
    rules: Vec<Vec<usize>>,
    /// Compiled when first needed: most never are.
    patterns: Vec<OnceLock<Regex>>,
}

impl Scanner {
    fn new() -> Self {
        let mut keywords: Vec<&str> = Vec::new();
        let mut rules: Vec<Vec<usize>> = Vec::new();
        for (index, rule) in RULES.iter().enumerate() {
            for keyword in rule.keywords {
                let known = keywords.iter().position(|known| known == keyword).unwrap_or_else(|| {
                    keywords.push(keyword);
                    rules.push(Vec::new());
                    keywords.len() - 1
                });
                rules[known].push(index);
            }
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&keywords);
        let patterns = RULES.iter().map(|_| OnceLock::new()).collect();
        Self { automaton: automaton.expect("the table's keywords are few and short"), rules, patterns }
    }

    fn pattern(&self, rule: usize) -> &Regex {
        self.patterns[rule].get_or_init(|| {
            let pattern = format!(r"\A(?:{})", RULES[rule].pattern);
            Regex::new(&pattern).expect("the table's patterns are well formed, as a test checks")
        })
    }
}

/// Finds the secrets of a text: in its order, none touching another.
pub(crate) fn find(text: &str, cut: Cut) -> Vec<Found> {
    let scanner = &*SCANNER;
    let mut found: Vec<(Range<usize>, usize)> = Vec::new();
    // Up to where each rule needs not look again.
    let mut done = [0; RULES.len()];
    let mut near_end = None;
    for hit in scanner.automaton.find_overlapping_iter(text).filter(|hit| !in_mask(text, hit.start())) {
        for &index in &scanner.rules[hit.pattern().as_usize()] {
            let rule = &RULES[index];
            if hit.start() < done[index] || (rule.place == Place::Word && !begins_word(text, hit.start())) {
                continue;
            }
            if cut.end && text.len() - hit.end() <= NEAR_BYTES {
                let from = if rule.place == Place::Word { hit.start() } else { hit.end() };
                near_end = Some(near_end.map_or(from, |near: usize| near.min(from)));
            }
            let Some(secret) = look(scanner.pattern(index), rule, text, hit.start()) else {
                if rule.pattern.contains("*?") {
                    // It looked through the line, and would again from the next keyword in it.
                    let window = &text[hit.start()..text.floor_char_boundary(hit.start() + WINDOW_BYTES)];
                    done[index] = hit.start() + window.find('\n').unwrap_or(window.len());
                }
                continue;
            };
            if (rule.judge)(&text[secret.clone()]) && !in_mask(text, secret.start) {
                done[index] = secret.end;
                found.push((secret, index));
            } else if secret.len() > LONG_BYTES {
                done[index] = secret.end;
            }
        }
    }
    let mut found = join(found);
    if let Some(from) = near_end {
        add(&mut found, last_word(text).start.max(from)..text.len());
    }
    if cut.start {
        let word = first_word(text);
        add(&mut found, 0..block::tail(text).max(word));
    }
    found
}

/// Where a secret may have begun at the end of a text that goes on, if what it begins like needs more to be one.
///
/// That is narrower than what a cut masks: who reads along would miss too many words.
pub(crate) fn begun(text: &str) -> Option<usize> {
    let scanner = &*SCANNER;
    let from = text.floor_char_boundary(last_word(text).start.saturating_sub(NAME_BYTES));
    let half = |hit: aho_corasick::Match| {
        let hit = from + hit.start()..from + hit.end();
        let rules = |pattern: usize| scanner.rules[pattern].iter().map(|index| &RULES[*index]);
        move |pattern: usize| rules(pattern).filter_map(|rule| begins(rule, text, hit.clone())).min()
    };
    let hits = scanner.automaton.find_overlapping_iter(&text[from..]);
    let halves = hits.filter_map(|hit| half(hit)(hit.pattern().as_usize()));
    halves.chain(block::begun(text)).min()
}

/// Where the secret of a rule begins, if the text goes on from its keyword to its end as one.
fn begins(rule: &Rule, text: &str, keyword: Range<usize>) -> Option<usize> {
    let rest = &text[keyword.end..];
    let (name, value) = match rule.place {
        Place::Block => return None,
        Place::Word => {
            let of_token = |c: char| c.is_ascii_alphanumeric() || "_-.+/=~%".contains(c);
            return (begins_word(text, keyword.start) && rest.chars().all(of_token)).then_some(keyword.start);
        }
        // A port is no password.
        Place::Group if rule.name == "url-password" => {
            let password = rest.split_once(':').map(|(_, password)| password)?;
            let is_one = !password.is_empty() && !password.bytes().all(|byte| byte.is_ascii_digit());
            let is_open = !rest.trim_end_matches('@').contains(['/', '@']);
            ("://", if is_one && is_open { rest } else { "" })
        }
        Place::Group | Place::Behind => {
            let of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let is_whole = !text[keyword.clone()].ends_with(of_name);
            let signs = if is_whole { rest } else { rest.trim_start_matches(of_name) };
            let value =
                signs.trim_start_matches(|c: char| c.is_ascii_whitespace() || "\\\"'`]:=>,".contains(c));
            // Some secrets have signs in their own beginnings.
            let value = if value.is_empty() && text[keyword.clone()].contains(SIGNS) { rest } else { value };
            (&text[keyword.start..text.len() - value.len()], value)
        }
    };
    let announced = name.contains(SIGNS) || name.ends_with(' ');
    (announced && !name.contains('\n') && !value.is_empty() && !value.contains(ends_run))
        .then(|| text.len() - value.len())
}

/// The secret that a rule sees at a keyword.
fn look(pattern: &Regex, rule: &Rule, text: &str, at: usize) -> Option<Range<usize>> {
    let window = &text[at..text.floor_char_boundary(at + WINDOW_BYTES)];
    // Most keywords are followed by something else, and this allocates nothing.
    if !pattern.is_match(window) {
        return None;
    }
    let seen = pattern.captures(window)?;
    let matched = seen.get(0)?;
    let secret = match rule.place {
        Place::Behind => return value(text, at, at + matched.end()),
        Place::Block => {
            let start = at + matched.end();
            let length = block::length(&text[start..]);
            return (length > 0).then_some(start..start + length);
        }
        Place::Word => at..at + matched.end(),
        Place::Group => {
            let group = seen.get(1)?;
            at + group.start()..at + group.end()
        }
    };
    let end =
        if secret.end == at + window.len() { secret.start + run(&text[secret.start..]) } else { secret.end };
    // A longer word is something else.
    let ends = !text[end..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    // A sentence's full stop, and the like, are no part of it.
    let trimmed = text[secret.start..end].trim_end_matches(['.', '-', ',']).len();
    let end = if rule.place == Place::Word { secret.start + trimmed } else { end };
    ends.then_some(secret.start..end)
}

/// The value that begins at `from`, in quotes or bare, for a name that begins at `name`.
fn value(text: &str, name: usize, from: usize) -> Option<Range<usize>> {
    let rest = &text[from..];
    let slashes = rest.bytes().take_while(|byte| *byte == b'\\').count();
    let quote = rest[slashes..].chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
    let Some(quote) = quote else {
        // A line of an environment: all up to a blank is the value.
        let of_env = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let is_env = text[name..from].strip_suffix('=').is_some_and(|name| name.chars().all(of_env));
        let length = if is_env { run(rest) } else { rest.find(ends_bare).unwrap_or(rest.len()) };
        let length = rest[..length].trim_end_matches(['.', ',', ';', ':']).len();
        let is_call = rest[length..].starts_with(['(', '[']);
        return (length > 0 && !is_call).then_some(from..from + length);
    };
    let start = from + slashes + 1;
    let (mut end, mut before) = (start, 0);
    for c in text[start..].chars() {
        // In JSON within JSON the quotes have a backslash themselves.
        if c == '\n' || (c == quote && (before % 2 == 0 || slashes > 0)) {
            break;
        }
        before = if c == '\\' { before + 1 } else { 0 };
        end += c.len_utf8();
    }
    let inside = &text[start..end];
    let trimmed = if slashes > 0 { inside.trim_end_matches('\\') } else { inside };
    (!trimmed.is_empty()).then_some(start..start + trimmed.len())
}

/// Where a value without quotes ends.
fn ends_bare(c: char) -> bool {
    ends_run(c) || ",;&|(){}[]".contains(c)
}

/// Where every word ends.
fn ends_run(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\"'`\\<>".contains(c)
}

/// The length of the word at the beginning.
fn run(text: &str) -> usize {
    text.find(ends_run).unwrap_or(text.len())
}

/// Whether a word begins here: behind a sign, or behind an escape that only looks like a letter.
fn begins_word(text: &str, at: usize) -> bool {
    let before = &text.as_bytes()[..at];
    match before {
        [] => true,
        [.., last] if !last.is_ascii_alphanumeric() && *last != b'_' => true,
        // `\n` in JSON, `%3D` in an address, the end of a colour of a terminal.
        [.., b'\\', b'n' | b'r' | b't'] => true,
        [.., b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => true,
        [.., b'm'] => {
            let parameters =
                before.iter().rev().skip(1).take_while(|byte| byte.is_ascii_digit() || **byte == b';');
            before[..before.len() - 1 - parameters.count()].ends_with(b"\x1b[")
        }
        _ => false,
    }
}

/// Whether a mask of ours stands here, which has the name of a rule in it.
fn in_mask(text: &str, at: usize) -> bool {
    let before = &text.as_bytes()[at.saturating_sub(MASK_MAX_BYTES)..at];
    // Each keyword asks, so it is one pass: the last mask that begins here, unless it ends here.
    let end = memchr::memrchr(b']', before).map_or(0, |end| end + 1);
    memchr::memrchr_iter(b'[', &before[end..]).any(|begin| before[end + begin..].starts_with(MASK.as_bytes()))
}

/// Joins what overlaps; the rule that comes first in the table names it.
fn join(mut found: Vec<(Range<usize>, usize)>) -> Vec<Found> {
    found.sort_by_key(|(range, rule)| (range.start, *rule));
    let mut joined: Vec<(Range<usize>, usize)> = Vec::new();
    for (range, rule) in found {
        match joined.last_mut() {
            Some((last, name)) if range.start < last.end => {
                last.end = last.end.max(range.end);
                *name = rule.min(*name);
            }
            _ => joined.push((range, rule)),
        }
    }
    joined.into_iter().map(|(range, rule)| Found { range, rule: RULES[rule].name }).collect()
}

/// Adds what is masked at a cut, unless it is masked or empty.
fn add(found: &mut Vec<Found>, range: Range<usize>) {
    let touches = |one: &Found| one.range.start < range.end && range.start < one.range.end;
    let start =
        found.iter().filter(|one| touches(one)).map(|one| one.range.start).min().unwrap_or(range.start);
    let end = found.iter().filter(|one| touches(one)).map(|one| one.range.end).max().unwrap_or(range.end);
    let range = range.start.min(start)..range.end.max(end);
    if range.is_empty() || found.iter().any(|one| one.range == range) {
        return;
    }
    found.retain(|one| !(one.range.start < range.end && range.start < one.range.end));
    found.push(Found { range, rule: AT_CUT });
    found.sort_by_key(|one| one.range.start);
}

fn last_word(text: &str) -> Range<usize> {
    text.rfind(ends_run).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))..text.len()
}

/// The length of the first word, if it could be the rest of a secret: words of a language could not.
fn first_word(text: &str) -> usize {
    let length = run(text);
    let word = text[..length].trim_end_matches(|c: char| c.is_ascii_punctuation());
    let plain = word.chars().all(char::is_alphabetic) && !word.chars().skip(1).any(char::is_uppercase);
    if plain || length < REST_MIN { 0 } else { length }
}

#[test]
fn every_pattern_is_well_formed_and_every_keyword_is_lower_case() {
    for (index, rule) in RULES.iter().enumerate() {
        let groups = SCANNER.pattern(index).captures_len() - 1;
        assert_eq!(groups, usize::from(rule.place == Place::Group), "{}", rule.name);
        assert!(rule.keywords.iter().all(|word| !word.is_empty()), "{}", rule.name);
    }
}
