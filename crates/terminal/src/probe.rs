//! Learning what the user's real terminal is: the questions an attach client writes, and the reader of its answers.
//!
//! DA1 is asked last, as a fence: every terminal answers it, and in order, so what has not come before it will not
//! come. What the user types meanwhile is handed on untouched and in order.

use crate::profile::{OPTIONAL_MODES, Pixels, Profile, Rgb};
use crate::reply::{Reply, ReplyFilter, ReplyKind, Ticket};
use protocol::Size;

/// Bytes of a terminal's name that are believed.
const MAX_NAME: usize = 128;
/// The id in the graphics query; any number that the reply repeats.
const GRAPHICS_ID: &str = "31";

const VERSION: ReplyKind = ReplyKind::Dcs(b">|");
const PRIMARY: ReplyKind = ReplyKind::csi(b"?", b"c");
const SECONDARY: ReplyKind = ReplyKind::csi(b">", b"c");
const MODE: ReplyKind = ReplyKind::csi(b"?", b"$y");
const KEYBOARD: ReplyKind = ReplyKind::csi(b"?", b"u");
const WINDOW: ReplyKind = ReplyKind::csi(b"", b"t");

/// Each question, the fence last, with the reply it gets.
const QUESTIONS: [(&[u8], ReplyKind); 13] = [
    (b"\x1b[>0q", VERSION),
    (b"\x1b[>c", SECONDARY),
    (b"\x1b]10;?\x1b\\", ReplyKind::Osc(10)),
    (b"\x1b]11;?\x1b\\", ReplyKind::Osc(11)),
    (b"\x1b]12;?\x1b\\", ReplyKind::Osc(12)),
    (b"\x1b[?2026$p", MODE),
    (b"\x1b[?2027$p", MODE),
    (b"\x1b[?2031$p", MODE),
    (b"\x1b[?1016$p", MODE),
    (b"\x1b[?u", KEYBOARD),
    (b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\", ReplyKind::Graphics),
    (b"\x1b[16t", WINDOW),
    (b"\x1b[14t", WINDOW),
];

/// The bytes to write to the terminal.
pub fn probe() -> Vec<u8> {
    let mut bytes: Vec<u8> = QUESTIONS.iter().flat_map(|(question, _)| question.iter().copied()).collect();
    bytes.extend_from_slice(b"\x1b[c");
    bytes
}

/// Learns from what the terminal says after [`probe`] was written to it.
pub struct ProbeReader {
    profile: Profile,
    size: Size,
    ticket: Ticket,
    done: bool,
}

impl ProbeReader {
    /// A reader for a terminal of this size, whose replies come out of `filter` under this ticket.
    pub fn new(size: Size, filter: &mut ReplyFilter, ticket: Ticket) -> Self {
        QUESTIONS.iter().for_each(|(_, reply)| filter.expect(*reply, 1, ticket));
        filter.fence(PRIMARY, ticket);
        Self { profile: Profile::unknown(), size, ticket, done: false }
    }

    /// Whose replies it learns from.
    pub fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Whether the fence came: there is nothing more to wait for.
    pub fn done(&self) -> bool {
        self.done
    }

    /// What was learned.
    pub fn finish(self) -> Profile {
        self.profile
    }

    /// Takes in a reply under its ticket.
    pub fn learn(&mut self, reply: &Reply) {
        let body = body(&reply.bytes);
        match reply.kind {
            VERSION => self.profile.name = Some(name(&body)),
            SECONDARY => self.profile.secondary = Some(body),
            ReplyKind::Osc(10) => self.profile.foreground = Rgb::parse(&body),
            ReplyKind::Osc(11) => self.profile.background = Rgb::parse(&body),
            ReplyKind::Osc(12) => self.profile.cursor = Rgb::parse(&body),
            MODE => self.learn_mode(&body),
            KEYBOARD => self.profile.kitty_keyboard = true,
            ReplyKind::Graphics => {
                self.profile.kitty_graphics = body == format!("i={GRAPHICS_ID};OK");
            }
            WINDOW => self.learn_pixels(&body),
            PRIMARY => {
                self.profile.primary = body;
                self.done = true;
            }
            _ => {}
        }
    }

    /// `mode;state`: 0 is unknown to the terminal, 4 is always off.
    fn learn_mode(&mut self, body: &str) {
        if let [mode, 1..=3] = numbers(body)[..]
            && OPTIONAL_MODES.contains(&mode)
        {
            self.profile.modes.insert(mode);
        }
    }

    /// `6;height;width` is a cell, `4;height;width` the whole text area.
    fn learn_pixels(&mut self, body: &str) {
        let cell = match numbers(body)[..] {
            [6, height, width] => Pixels { width, height },
            [4, height, width] if self.profile.cell.is_none() => {
                Pixels { width: width / self.size.cols, height: height / self.size.rows }
            }
            _ => return,
        };
        if cell.width > 0 && cell.height > 0 {
            self.profile.cell = Some(cell);
        }
    }
}

/// What a reply says: without introducer, prefix, number of the OSC, final bytes.
fn body(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end_matches("\x1b\\").trim_end_matches('\x07');
    let said = match bytes.get(1) {
        Some(b'[') => {
            text.trim_start_matches(['\x1b', '[', '?', '>']).trim_end_matches(|c: char| !c.is_ascii_digit())
        }
        Some(b']') => text.split_once(';').map_or("", |(_, rest)| rest),
        Some(b'P') => text.trim_start_matches("\x1bP>|"),
        _ => text.trim_start_matches("\x1b_G"),
    };
    said.to_owned()
}

/// A name that can be repeated inside a reply of ours.
fn name(body: &str) -> String {
    let mut name: String = body.chars().filter(|c| !c.is_control()).collect();
    name.truncate(name.floor_char_boundary(MAX_NAME));
    name
}

fn numbers(body: &str) -> Vec<u16> {
    body.split(';').map_while(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests;
