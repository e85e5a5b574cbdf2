//! What replies look like, kind by kind: whether bytes are one, or may become one.

use super::ESC;

/// Bytes of a CSI reply; the longest (DA1 with all its attributes) has about 50.
const MAX_CSI: usize = 128;
/// Bytes of a reply in a string; XTGETTCAP with long values comes to a few hundred.
pub(super) const MAX_STRING: usize = 4096;
/// Bytes of a clipboard reply, which is base64 of whatever was copied. A longer one passes as typed.
const MAX_CLIPBOARD: usize = 1 << 20;

/// The shape of a terminal's reply.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ReplyKind {
    /// `CSI prefix numbers last`.
    Csi {
        /// What stands before the numbers: nothing, `?` or `>`.
        prefix: &'static [u8],
        /// What stands after them: a final byte, perhaps with an intermediate before it.
        last: &'static [u8],
    },
    /// `OSC number ; ... ST`.
    Osc(u16),
    /// `DCS lead ... ST`, with one digit before the lead where the reply says if the request was valid.
    Dcs(&'static [u8]),
    /// `OSC l ... ST` or `OSC L ... ST`: a window's title and its icon's.
    Label(u8),
    /// `APC G ... ST`.
    Graphics,
    /// Whatever no key looks like: a string sequence, or a CSI sequence with a prefix. It answers a question of which
    /// no more is known.
    Any,
}

/// How the bytes from an ESC on compare with a kind of reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fit {
    No,
    Partial,
    /// A reply of this many bytes.
    Whole(usize),
}

impl ReplyKind {
    /// `CSI prefix numbers last`.
    pub const fn csi(prefix: &'static [u8], last: &'static [u8]) -> Self {
        Self::Csi { prefix, last }
    }

    /// A terminal may ask its user before it tells the clipboard. That answer comes when it comes, behind any fence.
    pub fn waits_for_a_person(self) -> bool {
        self == Self::Osc(52)
    }

    pub(super) fn fit(&self, input: &[u8]) -> Fit {
        match *self {
            Self::Csi { prefix, last } => fit_csi(input, prefix, last),
            Self::Osc(52) => fit_string(input, b"\x1b]52;", MAX_CLIPBOARD),
            Self::Osc(number) => fit_string(input, format!("\x1b]{number};").as_bytes(), MAX_STRING),
            Self::Dcs(lead) => fit_dcs(input, lead),
            Self::Label(letter) => fit_string(input, &[ESC, b']', letter], MAX_STRING),
            Self::Graphics => fit_string(input, b"\x1b_G", MAX_STRING),
            Self::Any => fit_any(input),
        }
    }
}

/// What follows `lead` in `input`, or how far `input` fits.
fn after<'a>(input: &'a [u8], lead: &[u8]) -> Result<&'a [u8], Fit> {
    match input.strip_prefix(lead) {
        Some(rest) => Ok(rest),
        None if lead.starts_with(input) => Err(Fit::Partial),
        None => Err(Fit::No),
    }
}

fn fit_csi(input: &[u8], prefix: &[u8], last: &[u8]) -> Fit {
    let rest = match after(input, b"\x1b[").and_then(|rest| after(rest, prefix)) {
        Ok(rest) => rest,
        Err(fit) => return fit,
    };
    let numbers = rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b';' | b':')).count();
    let begin = input.len() - rest.len() + numbers;
    match after(&rest[numbers..], last) {
        _ if begin > MAX_CSI => Fit::No,
        Ok(_) if numbers == 0 => Fit::No,
        Ok(_) => Fit::Whole(begin + last.len()),
        Err(fit) => fit,
    }
}

fn fit_any(input: &[u8]) -> Fit {
    match input.get(1) {
        None => Fit::Partial,
        Some(b'[') => fit_private(input),
        Some(b']' | b'P' | b'_' | b'^') => fit_string(input, &input[..2], MAX_STRING),
        Some(_) => Fit::No,
    }
}

/// A CSI sequence with a prefix that keys and the mouse do not have.
fn fit_private(input: &[u8]) -> Fit {
    let Some(prefix) = input.get(2) else { return Fit::Partial };
    let rest = &input[3..];
    let numbers = rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b';' | b':')).count();
    let middle = rest[numbers..].iter().take_while(|b| matches!(b, b' '..=b'/')).count();
    match rest.get(numbers + middle) {
        _ if !matches!(prefix, b'?' | b'>' | b'=') || rest.len().min(numbers + middle) > MAX_CSI => Fit::No,
        None => Fit::Partial,
        Some(b'@'..=b'~') if numbers > 0 => Fit::Whole(3 + numbers + middle + 1),
        Some(_) => Fit::No,
    }
}

fn fit_dcs(input: &[u8], lead: &[u8]) -> Fit {
    let validity = usize::from(matches!(input.get(2), Some(b'0' | b'1')));
    let skip = if lead.ends_with(b"r") { validity } else { 0 };
    let head = [b"\x1bP", &input[input.len().min(2)..input.len().min(2 + skip)], lead].concat();
    fit_string(input, &head, MAX_STRING)
}

/// `lead`, then text without control characters, then BEL or ST.
fn fit_string(input: &[u8], lead: &[u8], most: usize) -> Fit {
    let rest = match after(input, lead) {
        Ok(rest) => rest,
        Err(fit) => return fit,
    };
    let text = rest.iter().position(|b| *b < 0x20).unwrap_or(rest.len());
    let end = lead.len() + text;
    match rest[text..] {
        _ if end > most => Fit::No,
        [] | [ESC] => Fit::Partial,
        [0x07, ..] => Fit::Whole(end + 1),
        [ESC, b'\\', ..] => Fit::Whole(end + 2),
        _ => Fit::No,
    }
}
