//! What a terminal of a given kind answers to the queries of programs: a table of exact questions and replies.
//!
//! Replies come in the order of the questions and all in one write, because programs take the reply to DA1 as the
//! end of the batch. Nothing is measured: the cursor is always said to be at the top left, so this serves programs
//! that ask whether a terminal answers, not those that lay out by the answer.

/// The questions one kind of terminal answers, and the state of reading them from pieces of output.
#[derive(Clone)]
pub struct Answers {
    table: Vec<(Vec<u8>, Vec<u8>)>,
    /// The beginning of a question whose end has not come yet.
    unfinished: Vec<u8>,
}

impl Answers {
    /// A terminal that answers nothing yet; see [`Answers::with`].
    pub fn none() -> Answers {
        Answers { table: Vec::new(), unfinished: Vec::new() }
    }

    /// Plain xterm: identifies itself, and knows neither synchronized output nor newer keyboard protocols.
    pub fn xterm() -> Answers {
        Answers::identified(b"\x1b[?64;1;22c", b"\x1b[>41;379;0c", b"\x1bP>|XTerm(379)\x1b\\")
            .with(b"\x1b[?2026$p", b"\x1b[?2026;0$y")
            .with(b"\x1b]10;?\x1b\\", b"\x1b]10;rgb:e5e5/e5e5/e5e5\x1b\\")
            .with(b"\x1b]10;?\x07", b"\x1b]10;rgb:e5e5/e5e5/e5e5\x07")
            .with(b"\x1b]11;?\x1b\\", b"\x1b]11;rgb:0000/0000/0000\x1b\\")
            .with(b"\x1b]11;?\x07", b"\x1b]11;rgb:0000/0000/0000\x07")
    }

    /// kitty: synchronized output and the keyboard protocol named after it.
    pub fn kitty() -> Answers {
        Answers::identified(b"\x1b[?62;c", b"\x1b[>1;4000;26c", b"\x1bP>|kitty(0.26.5)\x1b\\")
            .with(b"\x1b[?u", b"\x1b[?0u")
            .with(b"\x1b[?2026$p", b"\x1b[?2026;2$y")
            .with(b"\x1b]10;?\x1b\\", b"\x1b]10;rgb:dddd/dddd/dddd\x1b\\")
            .with(b"\x1b]11;?\x1b\\", b"\x1b]11;rgb:0000/0000/0000\x1b\\")
    }

    /// tmux 3.3a: identifies itself and leaves everything newer unanswered.
    pub fn tmux() -> Answers {
        Answers::identified(b"\x1b[?1;2c", b"\x1b[>84;0;0c", b"\x1bP>|tmux 3.3a\x1b\\")
    }

    /// Also supports the Program Status Protocol (OSC 7501), in which programs tell whether they work or wait.
    pub fn with_program_status(self) -> Answers {
        self.with(b"\x1b]7501;?\x07", b"\x1b]7501;?\x1b\\").with(b"\x1b]7501;?\x1b\\", b"\x1b]7501;?\x1b\\")
    }

    /// Also answers `question` by `reply`; the newest entry for a question counts.
    pub fn with(mut self, question: &[u8], reply: &[u8]) -> Answers {
        self.table.retain(|(known, _)| known != question);
        self.table.push((question.to_vec(), reply.to_vec()));
        self
    }

    /// What every terminal tells: DA1, DA2, XTVERSION, "I am well" and where the cursor is.
    fn identified(primary: &[u8], secondary: &[u8], version: &[u8]) -> Answers {
        Answers::none()
            .with(b"\x1b[c", primary)
            .with(b"\x1b[0c", primary)
            .with(b"\x1b[>c", secondary)
            .with(b"\x1b[>0c", secondary)
            .with(b"\x1b[>q", version)
            .with(b"\x1b[>0q", version)
            .with(b"\x1b[5n", b"\x1b[0n")
            .with(b"\x1b[6n", b"\x1b[1;1R")
    }

    /// Reads the next piece of output and returns the replies to the questions that it completes.
    pub fn reply(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.unfinished);
        bytes.extend_from_slice(piece);
        let mut replies = Vec::new();
        let mut rest = &bytes[..];
        while let Some(escape) = rest.iter().position(|&byte| byte == 0x1b) {
            rest = &rest[escape..];
            if let Some((question, reply)) = self.table.iter().find(|(known, _)| rest.starts_with(known)) {
                replies.extend_from_slice(reply);
                rest = &rest[question.len()..];
            } else if self.table.iter().any(|(known, _)| known.starts_with(rest)) {
                self.unfinished = rest.to_vec();
                break;
            } else {
                rest = &rest[1..];
            }
        }
        replies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_answered_in_their_order_even_when_cut_anywhere() {
        let asked = b"text\x1b[>0q\x1b[?u\x1b]7501;?\x07\x1b[c more \x1b[31m";
        let expect = b"\x1bP>|kitty(0.26.5)\x1b\\\x1b[?0u\x1b]7501;?\x1b\\\x1b[?62;c";
        for cut in 0..asked.len() {
            let mut answers = Answers::kitty().with_program_status();
            let mut replies = answers.reply(&asked[..cut]);
            replies.extend(answers.reply(&asked[cut..]));
            assert_eq!(replies.escape_ascii().to_string(), expect.escape_ascii().to_string(), "cut at {cut}");
        }
    }
}
