//! Which CSI sequences are questions. It judges the bytes between `CSI` and the final byte; it keeps no state.

use crate::query::Query;

/// Parameters a query has at most (DECRQCRA has 6).
const MAX_PARAMS: usize = 6;

/// Whether `CSI body last` may be a question at all. Nearly every sequence sets colours; only one that begins with `?`
/// asks for something.
#[inline]
pub(super) fn asks(body: &[u8], last: u8) -> bool {
    match last {
        b'm' => body.first() == Some(&b'?'),
        b'c' | b'n' | b'p' | b'q' | b'u' | b't' | b'x' | b'S' | b'y' | b'w' | b'v' | b'R' | b'|' => true,
        _ => false,
    }
}

/// Whether a query may begin with these bytes after `CSI`. True of every prefix of a query's bytes.
pub(super) fn may_ask(body: &[u8]) -> bool {
    let rest = match body.first() {
        Some(b'?' | b'>' | b'=') => &body[1..],
        _ => body,
    };
    let params = rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b';')).count();
    rest.len() - params <= 1
        && matches!(rest.get(params), None | Some(b'$' | b'#' | b'*' | b'\'' | b'"' | b'&'))
}

/// The question that `CSI body last` asks, if it asks one.
pub(super) fn query(body: &[u8], last: u8) -> Option<Query> {
    if !asks(body, last) || !may_ask(body) {
        return None;
    }
    let (prefix, rest) = match body.split_first() {
        Some((&p @ (b'?' | b'>' | b'='), rest)) => (p, rest),
        _ => (0, body),
    };
    let (numbers, middle) = match rest.split_last() {
        Some((&m, numbers)) if !m.is_ascii_digit() && m != b';' => (numbers, m),
        _ => (rest, 0),
    };
    let params = Params::parse(numbers)?;
    let (first, second) = (params.get(0), params.get(1));
    let one = params.count <= 1;
    let none_or_zero = one && first == 0;
    Some(match (prefix, middle, last) {
        (0, 0, b'c') if none_or_zero => Query::PrimaryAttributes,
        (b'>', 0, b'c') if none_or_zero => Query::SecondaryAttributes,
        (b'=', 0, b'c') if none_or_zero => Query::TertiaryAttributes,
        (0, 0, b'n') if one && first == 5 => Query::Operating,
        (0, 0, b'n') if one && first == 6 => Query::CursorPosition,
        (b'?', 0, b'n') if one && first == 6 => Query::ExtendedCursorPosition,
        (b'?', 0, b'n') if one && is_private_status(first) => Query::PrivateStatus(first),
        (0, b'$', b'p') if one => Query::Mode { private: false, mode: first },
        (b'?', b'$', b'p') if one => Query::Mode { private: true, mode: first },
        (b'>', 0, b'q') if none_or_zero => Query::Version,
        (b'?', 0, b'u') if one => Query::KeyboardFlags,
        (b'?', 0, b'm') if one && params.count == 1 => Query::ModifyKeys(first),
        (0, 0, b't') if params.count <= 2 && is_window_report(first) => {
            Query::Window { report: first, of: second }
        }
        (0, 0, b'x') if one && first <= 1 => Query::Parameters(first),
        _ if asks_something(prefix, middle, last, second) => Query::Other(whole(body, last)),
        _ => return None,
    })
}

/// The private reports of `CSI ? n n`: of the VT420 and its heirs, and the colour scheme.
fn is_private_status(n: u16) -> bool {
    matches!(n, 15 | 25 | 26 | 53 | 55 | 56 | 62 | 63 | 75 | 85 | 996)
}

fn is_window_report(n: u16) -> bool {
    matches!(n, 11 | 13..=16 | 18..=21)
}

/// Questions that we recognise and know no answer to: XTSMGRAPHICS (read), DECRQCRA, DECRQPSR, DECRQTSR,
/// DECRQUPSS, DECRQDE, XTREPORTCOLORS, XTREPORTSGR, DECRQLP.
fn asks_something(prefix: u8, middle: u8, last: u8, second: u16) -> bool {
    match (prefix, middle, last) {
        (b'?', 0, b'S') => matches!(second, 1 | 4),
        (0, b'*', b'y')
        | (0, b'$', b'w' | b'u')
        | (0, b'&', b'u')
        | (0, b'"', b'v')
        | (0, b'#', b'R' | b'|')
        | (0, b'\'', b'|') => true,
        _ => false,
    }
}

fn whole(body: &[u8], last: u8) -> Vec<u8> {
    [b"\x1b[", body, &[last]].concat()
}

/// The numbers of a sequence; a missing one is 0.
struct Params {
    values: [u16; MAX_PARAMS],
    count: usize,
}

impl Params {
    /// `None` where a number is above 65,535 or there are more than [`MAX_PARAMS`].
    fn parse(numbers: &[u8]) -> Option<Self> {
        let mut params = Self { values: [0; MAX_PARAMS], count: 0 };
        if numbers.is_empty() {
            return Some(params);
        }
        for field in numbers.split(|b| *b == b';') {
            let slot = params.values.get_mut(params.count)?;
            for digit in field {
                *slot = slot.checked_mul(10)?.checked_add(u16::from(digit - b'0'))?;
            }
            params.count += 1;
        }
        Some(params)
    }

    fn get(&self, index: usize) -> u16 {
        self.values[index]
    }
}
