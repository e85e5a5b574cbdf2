//! A recording, record by record: who spoke, and when the other's turn began.

use super::keys::{Line, Submitted};
use super::paint::{Shown, text};
use super::screens::Screens;
use crate::Heard;
use protocol::{Body, Content, Entry, Offset, Place, Record, Size, Source, Speaker, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::VecDeque;

/// Prompts that are remembered, and characters of one at most.
const PROMPTS_MAX: usize = 8;
const PROMPT_MAX_CHARS: usize = 200;

/// Reads one recording.
pub struct Reader {
    session: String,
    open: Open,
}

/// What is remembered between two records.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Open {
    size: Option<Size>,
    screens: Screens,
    /// Since when a program has the whole screen.
    full: Option<(u64, u64)>,
    /// What is being typed, and where that began.
    line: Line,
    line_at: (u64, u64),
    /// What was shown since: an echo, and perhaps more.
    echo: Shown,
    /// What the program has said since it was last spoken to.
    shown: Shown,
    /// Of the line before, what had no echo yet.
    owed: String,
    /// All of that line.
    asked: String,
    /// A secret is being typed.
    secret: bool,
    /// What lines were typed at.
    prompts: VecDeque<String>,
}

impl Reader {
    /// Begins to read the recording of a session, or goes on where [`Reader::state`] was taken.
    pub fn new(session: &str, state: Option<&Value>) -> Self {
        let open = state.and_then(|state| Open::deserialize(state).ok()).unwrap_or_default();
        Self { session: session.to_owned(), open }
    }

    /// Takes the next record, and tells what it ended.
    pub fn hear(&mut self, record: &Record<'_>, heard: &mut Vec<Heard>) {
        let (offset, time) = (record.offset.0, record.time.0);
        match &record.body {
            Body::Output { bytes, .. } => self.output(bytes, offset, time, heard),
            Body::Input { bytes, .. } if self.open.full.is_none() => self.input(bytes, offset, time, heard),
            Body::Secret { .. } if !self.open.secret => {
                self.close("", heard);
                self.open.secret = true;
                let text = "(a secret, which is not recorded)".to_owned();
                heard.push(self.message(offset, time, "secret", Speaker::User, text));
            }
            Body::Gap(bytes) => self.open.shown.miss(*bytes),
            Body::Resize(size) => self.open.size = Some(*size),
            Body::Exit(_) => self.end(time, heard),
            _ => {}
        }
    }

    /// Tells what is open, as far as it is known now.
    pub fn rest(&self, heard: &mut Vec<Heard>) {
        let mut now = Self { session: self.session.clone(), open: self.open.clone() };
        now.keep_echo();
        now.close("", heard);
        if let Some((offset, time)) = now.open.full {
            heard.push(now.full_screen(offset, time, "runs".to_owned()));
        }
    }

    /// What it has to remember between two records.
    pub fn state(&self) -> Value {
        serde_json::to_value(&self.open).unwrap_or_default()
    }

    fn size(&self) -> Size {
        self.open.size.unwrap_or(Size::DEFAULT)
    }

    fn output(&mut self, bytes: &[u8], offset: u64, time: u64, heard: &mut Vec<Heard>) {
        let mut done = 0;
        while let Some((length, alternate)) = self.open.screens.next(&bytes[done..]) {
            self.see(&bytes[done..done + length], offset + done as u64, time);
            done += length;
            self.switch(alternate, offset + done as u64, time, heard);
        }
        self.see(&bytes[done..], offset + done as u64, time);
    }

    /// Output of which the screen is told; that of a full-screen program is none.
    fn see(&mut self, bytes: &[u8], offset: u64, time: u64) {
        if bytes.is_empty() || self.open.full.is_some() {
            return;
        }
        self.open.secret &= !bytes.contains(&b'\n');
        let to = if self.open.line.is_empty() { &mut self.open.shown } else { &mut self.open.echo };
        to.push(bytes, offset, time);
    }

    fn switch(&mut self, alternate: bool, offset: u64, time: u64, heard: &mut Vec<Heard>) {
        match (alternate, self.open.full) {
            (true, None) => {
                self.open.line = Line::default();
                self.keep_echo();
                self.close("", heard);
                self.open.full = Some((offset, time));
            }
            (false, Some(_)) => self.leave(time, heard),
            _ => {}
        }
    }

    /// The full-screen program is over.
    fn leave(&mut self, time: u64, heard: &mut Vec<Heard>) {
        if let Some((offset, since)) = self.open.full.take() {
            let seconds = time.saturating_sub(since) / 1_000_000;
            heard.push(self.full_screen(offset, since, format!("ran for {seconds} s")));
        }
    }

    fn input(&mut self, keys: &[u8], offset: u64, time: u64, heard: &mut Vec<Heard>) {
        self.open.secret = false;
        if self.open.line.is_empty() {
            self.open.line_at = (offset, time);
        }
        if let Some(submitted) = self.open.line.take(keys) {
            self.submit(submitted, offset, time, heard);
            self.open.line_at = (offset, time);
        }
    }

    /// A line was handed to the program: what that said before is whole.
    fn submit(&mut self, submitted: Submitted, offset: u64, time: u64, heard: &mut Vec<Heard>) {
        let mut echo = std::mem::take(&mut self.open.echo);
        let echoed = echo.lines(self.size());
        let last = echoed.last().map_or("", String::as_str);
        let is_read = submitted.unsure && !last.is_empty();
        let mut typed = if is_read { self.without_prompt(last) } else { submitted.text };
        if typed.trim().is_empty() {
            // An Enter alone is no word of anybody.
            return self.open.shown.append(echo);
        }
        let is_more = echoed.len() > 1;
        if is_more {
            match keys_before(&typed, &echoed) {
                Some(line) => {
                    let keys = typed[..typed.len() - line.len()].to_owned();
                    typed = line.to_owned();
                    self.answer_keys(keys, echo, heard);
                }
                None => {
                    // Typed ahead, it was echoed by the terminal, and drawn once more by the program at its prompt.
                    if last.ends_with(&typed) {
                        echo.leave_out_begin(&typed);
                    }
                    self.open.shown.append(echo);
                }
            }
        }
        self.close(if is_more { &typed } else { "" }, heard);
        self.open.owed = if is_read { String::new() } else { owed(&typed, last).to_owned() };
        self.open.asked.clone_from(&typed);
        heard.push(self.message(offset, time, "line", Speaker::User, typed));
    }

    /// Keys that no Enter followed, and what came of them.
    fn answer_keys(&mut self, keys: String, answer: Shown, heard: &mut Vec<Heard>) {
        self.close("", heard);
        let (offset, time) = self.open.line_at;
        self.open.owed.clone_from(&keys);
        self.open.shown = answer;
        heard.push(self.message(offset, time, "keys", Speaker::User, keys));
    }

    /// The process is gone, and with it who was being typed to.
    fn end(&mut self, time: u64, heard: &mut Vec<Heard>) {
        self.leave(time, heard);
        let keys = std::mem::take(&mut self.open.line).text();
        let echo = std::mem::take(&mut self.open.echo);
        if keys.trim().is_empty() {
            self.open.shown.append(echo);
        } else {
            self.answer_keys(keys, echo, heard);
        }
        self.close("", heard);
    }

    /// What was shown while a line was being typed that nobody hands over, unless it is only the echo of that.
    fn keep_echo(&mut self) {
        let echo = std::mem::take(&mut self.open.echo);
        if echo.lines(self.size()).len() > 1 {
            self.open.shown.append(echo);
        }
    }

    /// Tells what the program said. Of the line that was typed behind it, `painted` is what is painted with it.
    fn close(&mut self, painted: &str, heard: &mut Vec<Heard>) {
        let shown = std::mem::take(&mut self.open.shown);
        let owed = std::mem::take(&mut self.open.owed);
        let asked = std::mem::take(&mut self.open.asked);
        if shown.is_empty() {
            return;
        }
        let mut lines = shown.lines(self.size());
        leave_out_echo(&mut lines, &owed);
        self.leave_out_line(&mut lines, &asked);
        if !painted.is_empty()
            && let Some(before) = lines.join("\n").strip_suffix(painted)
        {
            lines = before.split('\n').map(|line| line.trim_end().to_owned()).collect();
        }
        self.leave_out_prompt(&mut lines, shown.is_open() || !painted.is_empty());
        let blank = lines.iter().take_while(|line| line.trim().is_empty()).count();
        if blank < lines.len() {
            let text = text(&lines[blank..]);
            heard.push(self.message(shown.offset, shown.time, "shown", Speaker::Assistant, text));
        }
    }

    /// Leaves out the line that was typed where a program that edits lines drew it once more: behind its prompt, or below that
    /// as far to the right.
    fn leave_out_line(&self, lines: &mut Vec<String>, asked: &str) {
        let asked = squeezed(asked);
        let Some(first) = lines.first().filter(|_| !asked.is_empty()) else { return };
        let is_prompt = |prompt: &&String| first.starts_with(prompt.as_str());
        let before = match self.open.prompts.iter().find(is_prompt) {
            Some(prompt) => squeezed(prompt),
            None if first.starts_with(' ') => String::new(),
            None => return,
        };
        let wanted = before + &asked;
        let mut drawn = String::new();
        for (row, line) in lines.iter().enumerate() {
            drawn.push_str(&squeezed(line));
            if drawn == wanted {
                lines.drain(..=row);
                return;
            }
            if !wanted.starts_with(&drawn) {
                return;
            }
        }
    }

    /// Leaves out a prompt that stood there before, and remembers a new one.
    fn leave_out_prompt(&mut self, lines: &mut Vec<String>, is_open: bool) {
        if !is_open {
            return;
        }
        let is_known = |line: &String| line.trim().is_empty() || self.open.prompts.contains(line);
        let used = lines.iter().rposition(|line| !is_known(line)).map_or(0, |last| last + 1);
        if used < lines.len() {
            lines.truncate(used);
        } else if let Some(prompt) = lines.last().filter(|line| line.chars().count() <= PROMPT_MAX_CHARS) {
            self.open.prompts.truncate(PROMPTS_MAX - 1);
            self.open.prompts.push_front(prompt.clone());
        }
    }

    /// A line of the screen without the prompt at which it was typed.
    fn without_prompt(&self, line: &str) -> String {
        let known = self.open.prompts.iter().filter_map(|prompt| line.strip_prefix(prompt.as_str()));
        known.min_by_key(|rest| rest.len()).unwrap_or(line).trim().to_owned()
    }

    fn message(&self, offset: u64, time: u64, what: &str, role: Speaker, text: String) -> Heard {
        self.entry(offset, time, what, role, Content::Message { text })
    }

    fn full_screen(&self, offset: u64, time: u64, how_long: String) -> Heard {
        let text = format!("a full-screen program {how_long}");
        let content = Content::Notice { name: "full_screen".to_owned(), text };
        self.entry(offset, time, "screen", Speaker::System, content)
    }

    fn entry(&self, offset: u64, time: u64, what: &str, role: Speaker, content: Content) -> Heard {
        let place = self.session.parse().ok().map(|session| Place { session, offset: Offset(offset) });
        Heard::Entry(Entry {
            id: format!("generic:{}:{offset}:{what}", self.session),
            conversation: self.session.clone(),
            agent: None,
            time: Time(time),
            role,
            content,
            model: None,
            request: None,
            source: Source::Screen,
            place,
        })
    }
}

/// The end of what was typed that alone stands behind the last prompt: what was typed before it were keys that something
/// else took.
fn keys_before<'a>(typed: &'a str, painted: &[String]) -> Option<&'a str> {
    if painted.iter().any(|line| line.contains(typed)) || typed.contains('\n') {
        return None;
    }
    let last = painted.last()?;
    let ends = typed.char_indices().skip(1).map(|(at, _)| &typed[at..]);
    ends.into_iter().find(|end| !end.trim().is_empty() && last.ends_with(end))
}

/// What of a line is still to be echoed, if the echo so far ends like this.
fn owed<'a>(typed: &'a str, echo: &str) -> &'a str {
    if echo.contains(typed) {
        return "";
    }
    let begins = (0..=typed.len()).rev().filter(|end| typed.is_char_boundary(*end));
    begins.into_iter().find(|end| echo.ends_with(&typed[..*end])).map_or(typed, |end| &typed[end..])
}

/// Leaves out the echo of what was typed, as far as it had none yet.
fn leave_out_echo(lines: &mut Vec<String>, owed: &str) {
    let is_echo = |(line, of): &(&String, &str)| !of.trim().is_empty() && line.ends_with(of.trim_end());
    let echoes = lines.iter().zip(owed.lines()).take_while(is_echo).count();
    lines.drain(..echoes);
}

/// Without blanks: where a line is broken at the edge of the screen, none can be told from one that was typed.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}
