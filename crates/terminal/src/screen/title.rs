//! The window's title and icon name (OSC 0, 1, 2) and the stacks they are saved on (CSI 22 t, CSI 23 t).

/// Bytes of a title at most: more than any title bar shows.
const TITLE_MAX: usize = 1024;
/// Saved titles at most, as in xterm.js; the oldest are given up.
const STACK_MAX: usize = 10;

/// One name and its stack.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct Title {
    text: String,
    saved: Vec<String>,
}

impl Title {
    /// The name now.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Sets the name, cut to its limit.
    pub(super) fn set(&mut self, text: &str) {
        let mut end = text.len().min(TITLE_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text[..end].clone_into(&mut self.text);
    }

    /// Saves the name.
    pub(super) fn push(&mut self) {
        if self.saved.len() == STACK_MAX {
            self.saved.remove(0);
        }
        self.saved.push(self.text.clone());
    }

    /// Brings the last saved name back.
    pub(super) fn pop(&mut self) {
        if let Some(text) = self.saved.pop() {
            self.text = text;
        }
    }

    /// Writes what leads a fresh terminal here; `osc` sets this name, `window` saves it.
    pub(super) fn write(&self, out: &mut Vec<u8>, osc: u8, window: u8) {
        for saved in &self.saved {
            out.extend(format!("\x1b]{osc};{saved}\x1b\\\x1b[22;{window}t").bytes());
        }
        if !self.text.is_empty() || !self.saved.is_empty() {
            out.extend(format!("\x1b]{osc};{}\x1b\\", self.text).bytes());
        }
    }
}
