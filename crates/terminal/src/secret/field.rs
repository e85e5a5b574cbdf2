//! The field that the cursor is in: its line, and the label that belongs to it.
//!
//! A line that has words of its own is judged by them. A field that has none (a blank row, a box, stars behind a `> `)
//! is judged by what labels it: the row above it, the title of its box, the text of its dialog. What a person
//! writes in a field is never its label.

use super::frame::{self, Frame};
use super::prompt::{self, MAX_PROMPT_CHARS};
use crate::Screen;
use crate::screen::ModeState;
use std::ops::Range;

/// Rows above a hidden cursor in which its field may be: a help line, an error and the border of a box.
const MAX_ROWS_BELOW_FIELD: u16 = 6;
/// Rows of a dialog's text that are its label.
const MAX_LABEL_ROWS: u16 = 8;
/// Blank rows between a dialog's text and its field.
const MAX_GAP_ROWS: u16 = 2;
/// Bars and marks that programs draw down the left side of a question.
const DECOR: [char; 9] = ['│', '┃', '|', '◆', '◇', '▲', '■', '✔', '?'];
/// Marks before a question, asked or answered.
const QUESTION_MARKS: [char; 5] = ['?', '◆', '▲', '◇', '✔'];

/// Whether the screen asks for a secret where the cursor is. For raw mode, where nothing else tells.
pub fn asks(screen: &Screen) -> bool {
    let cursor = screen.cursor();
    if cursor.visible {
        let col = cursor.col + u16::from(screen.wraps_next());
        return Field::at(screen, cursor.row, col).is_secret();
    }
    // Programs that draw a cursor of their own have the real one there too, or leave it at the end of what they drew.
    for row in (cursor.row.saturating_sub(MAX_ROWS_BELOW_FIELD)..=cursor.row).rev() {
        let is_there = row == cursor.row && !screen.text_in(row, 0..cursor.col).trim().is_empty();
        let col = if is_there { cursor.col } else { written_end(screen, row) };
        let field = Field::at(screen, row, col);
        if field.is_secret() {
            return true;
        }
        if field.is_another_question() {
            return false;
        }
    }
    false
}

/// A line up to the cursor, and where it stands.
struct Field<'a> {
    screen: &'a Screen,
    frame: Option<Frame>,
    columns: Range<u16>,
    /// The line's first and last row: it may be wrapped.
    first: u16,
    row: u16,
    col: u16,
    line: String,
}

impl<'a> Field<'a> {
    fn at(screen: &'a Screen, row: u16, col: u16) -> Self {
        let frame = Frame::around(screen, row, col);
        let columns = frame.map_or(0..screen.size().cols, |frame| frame.columns());
        let line = screen.text_in(row, columns.start..col);
        let mut field = Self { screen, frame, columns, first: row, row, col, line };
        field.unwrap();
        field
    }

    /// Puts the rows before it that belong to its line in front.
    fn unwrap(&mut self) {
        let top = self.frame.map_or(0, |frame| frame.top + 1);
        while self.first > top && self.line.chars().count() <= MAX_PROMPT_CHARS {
            let above = self.screen.text_in(self.first - 1, self.columns.clone());
            if self.screen.wrapped(self.first) {
                self.line.insert_str(0, &above);
            } else if self.was_too_long_for(&above) {
                self.line = format!("{} {}", above.trim_end(), self.line.trim_start());
            } else {
                return;
            }
            self.first -= 1;
        }
    }

    /// Whether a program broke the line here because its next word had no room behind `above`.
    fn was_too_long_for(&self, above: &str) -> bool {
        let written = above.trim_end().chars().count();
        let word = self.line.split_whitespace().next().map_or(0, |word| word.chars().count());
        let starts_anew = prompt::after_sign(&self.line).is_some() || prompt::ends_in_shell_sign(&self.line);
        let full = written + 1 + word > self.columns.len();
        word > 0 && written > 0 && full && !starts_anew && !frame::is_rule(above)
    }

    fn is_secret(&self) -> bool {
        let cursor = self.screen.cursor();
        let may_be_text = cursor.visible || cursor.row != self.row;
        if self.screen.alternate() && self.frame.is_none() && may_be_text {
            // An editor shows its cursor, and its text may say anything; behind a multiplexer's border a program may ask.
            let row = self.screen.text_in(self.row, 0..self.col);
            return row.rsplit(frame::is_vertical).next().is_some_and(prompt::is_known);
        }
        let words = prompt::without_masks(self.line.trim_start_matches(|c: char| is_decor(c)));
        let typed = prompt::after_sign(words).unwrap_or(words);
        if typed.is_empty() { self.label_asks() } else { prompt::is_prompt(words) && !self.is_message() }
    }

    /// Whether the line is where something else is typed: an input box, or a question of another kind.
    fn is_another_question(&self) -> bool {
        let line = self.line.trim();
        prompt::after_sign(line).is_some() || line.starts_with(QUESTION_MARKS) || line.ends_with(':')
    }

    /// Whether the line goes on with what somebody writes in an input box, begun in a row above behind a sign:
    /// `> Dear model, here is` / `  my password:`. A box has a border or a rule above; below a shell's prompt, which has
    /// neither, a program may ask.
    fn is_message(&self) -> bool {
        let top = self.frame.map_or(0, |frame| frame.top + 1);
        let rows = (top..=self.first).rev().map(|row| (row, self.screen.text_in(row, self.columns.clone())));
        let mut indent = usize::MAX;
        for (row, text) in rows {
            if text.trim().is_empty() {
                continue;
            }
            if frame::is_rule(&text) {
                return false;
            }
            let here = indent_of(&text);
            if prompt::after_sign(&text).is_some() {
                let below_border = row == top && self.frame.is_some();
                let below_rule = row > 0 && frame::is_rule(&self.screen.row_text(row - 1));
                return here < indent && (below_border || below_rule || text.trim_start().starts_with('›'));
            }
            indent = indent.min(here);
            if indent == 0 {
                return false;
            }
        }
        false
    }

    /// Whether the label of a field without words of its own asks for a secret.
    fn label_asks(&self) -> bool {
        match self.frame {
            Some(frame) if self.first == frame.top + 1 => self.box_asks(frame),
            Some(frame) => {
                let text = paragraph(self.screen, frame.columns(), frame.top + 1, self.first);
                if self.has_sign() {
                    prompt::is_prompt(&text)
                } else {
                    self.has_slots() && prompt::names_secret(&text)
                }
            }
            None => self.row_above_asks(),
        }
    }

    /// A box around nothing but the field: its title, the dialog that it is in, or the row on top of it.
    fn box_asks(&self, frame: Frame) -> bool {
        let title = frame.title(self.screen);
        if !title.is_empty() {
            return prompt::names_secret(&title);
        }
        match frame.outer(self.screen) {
            Some(dialog) => {
                let text = paragraph(self.screen, dialog.columns(), dialog.top + 1, frame.top);
                prompt::names_secret(&text)
            }
            None if self.screen.alternate() => false,
            None => frame.top > 0 && prompt::is_prompt(&self.screen.row_text(frame.top - 1)),
        }
    }

    /// A field in the open: the row right above it.
    fn row_above_asks(&self) -> bool {
        let cursor = self.screen.cursor();
        // Where the program draws the cursor as well, a row between the label and what is drawn is fine.
        let drawn = !cursor.visible && !self.line.trim().is_empty();
        let gap = 1 + u16::from(drawn && self.first > 0 && self.screen.row_text(self.first - 1).is_empty());
        let Some(above) = self.first.checked_sub(gap) else { return false };
        let label = Field::at(self.screen, above, written_end(self.screen, above));
        let text = label.line.trim_start_matches(|c: char| is_decor(c));
        if label.line.starts_with(['◆', '▲']) {
            return prompt::names_secret(text);
        }
        // Shells that have a bare `> ` for a prompt mark pastes; the row above is the output of a command.
        let is_shell = self.has_sign() && cursor.visible && self.screen.mode(true, 2004) == ModeState::Set;
        // What can be chosen in a list is indented; a label is not.
        let is_label = indent_of(&label.line) <= indent_of(&self.line);
        // A drawn field may have a bare word above it; below the plain row of a text it takes a question.
        let asks = if cursor.visible { prompt::is_question(text) } else { prompt::is_prompt(text) };
        // `sudo` and `ssh` read behind their words; a row below them is another program's.
        !is_shell && is_label && asks && !prompt::is_known(text) && !label.is_message()
    }

    fn has_sign(&self) -> bool {
        prompt::after_sign(self.line.trim_start_matches(|c: char| is_decor(c))).is_some()
    }

    /// Whether it shows slots or stars, before or behind the cursor.
    fn has_slots(&self) -> bool {
        let behind = self.screen.text_in(self.row, self.col..self.columns.end);
        [self.line.trim_end(), behind.trim_start()].iter().any(|text| text.contains(prompt::is_mask))
    }
}

/// The text right above a row, within some columns and below `top`: joined, and without the blank rows in between.
fn paragraph(screen: &Screen, columns: Range<u16>, top: u16, row: u16) -> String {
    let rows = (top..row).rev().map(|row| screen.text_in(row, columns.clone()));
    let is_blank = |text: &String| text.trim().is_empty();
    let gap = rows.clone().take(usize::from(MAX_GAP_ROWS)).take_while(is_blank).count();
    let mut text: Vec<String> = rows
        .skip(gap)
        .take(usize::from(MAX_LABEL_ROWS))
        .take_while(|text| !is_blank(text) && !frame::is_rule(text))
        .map(|text| text.trim().to_owned())
        .collect();
    text.reverse();
    text.join(" ")
}

/// The column behind what is written in a row, its right border left out.
fn written_end(screen: &Screen, row: u16) -> u16 {
    let is_empty = |c: char| c == ' ' || frame::is_vertical(c);
    let columns = screen.size().cols;
    match (0..columns).rev().find(|col| !is_empty(screen.char_at(row, *col))) {
        Some(last) => last + 1,
        None => {
            (0..columns).find(|col| frame::is_vertical(screen.char_at(row, *col))).map_or(0, |left| left + 1)
        }
    }
}

fn indent_of(text: &str) -> usize {
    text.chars().take_while(|c| c.is_whitespace()).count()
}

fn is_decor(c: char) -> bool {
    c.is_whitespace() || DECOR.contains(&c)
}
