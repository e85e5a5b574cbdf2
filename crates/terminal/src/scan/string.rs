//! Which strings (OSC, DCS, APC) are questions. Each kind has one judgement, [`fit`], that is asked of the string
//! so far while it comes in, and of the whole at its end, so that the two cannot disagree.

use super::{Kind, MAX_HELD_STRING, title};
use crate::query::{Query, Terminator};

/// How a string compares with the grammar of the questions of its kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fit {
    /// No question begins like this.
    No,
    /// More must follow.
    Partial,
    /// It is one; more may follow.
    Whole,
}

impl Fit {
    fn whole_if(whole: bool) -> Self {
        if whole { Self::Whole } else { Self::Partial }
    }
}

/// The OSC numbers that have a question.
const ASKING: [&[u8]; 18] = [
    b"4", b"5", b"10", b"11", b"12", b"13", b"14", b"15", b"16", b"17", b"18", b"19", b"21", b"22", b"52",
    b"99", b"1337", b"7501",
];

/// How many bytes of a string with this beginning are worth keeping.
pub(super) fn room(kind: Kind, head: &[u8]) -> usize {
    let asks = if fit(kind, head) == Fit::No { 0 } else { MAX_HELD_STRING as usize };
    if kind == Kind::Osc { asks.max(title::room(head)) } else { asks }
}

/// Judges the body of a string so far.
pub(super) fn fit(kind: Kind, body: &[u8]) -> Fit {
    match kind {
        Kind::Osc => osc(body),
        Kind::Dcs => dcs(body),
        Kind::Apc => apc(body),
        Kind::Other => Fit::No,
    }
}

/// The question that a finished string asks, if it asks one.
pub(super) fn query(kind: Kind, body: &[u8], end: Terminator) -> Option<Query> {
    if fit(kind, body) != Fit::Whole {
        return None;
    }
    match kind {
        Kind::Osc => osc_query(body, end),
        Kind::Dcs if body[0] == b'$' => Some(Query::Setting(body[2..].to_vec())),
        Kind::Dcs => Some(Query::Capabilities(body[2..].to_vec())),
        Kind::Apc => Some(graphics(body)),
        Kind::Other => None,
    }
}

fn osc(body: &[u8]) -> Fit {
    let Some((number, rest)) = split(body, b';') else {
        return osc_number(body);
    };
    match number {
        b"4" | b"5" => palette(rest),
        [b'1', b'0'..=b'9'] => marks(rest),
        b"21" => kitty_colours(rest),
        b"22" => pointer(rest),
        b"52" => clipboard(rest),
        b"99" => notifications(rest),
        b"1337" => iterm(rest),
        b"7501" => literal(rest, b"?"),
        _ => Fit::No,
    }
}

fn osc_number(digits: &[u8]) -> Fit {
    if ASKING.iter().any(|number| number.starts_with(digits)) { Fit::Partial } else { Fit::No }
}

/// `n;?`, any number of times.
fn palette(rest: &[u8]) -> Fit {
    let mut fields = rest.split(|b| *b == b';').enumerate().peekable();
    while let Some((index, field)) = fields.next() {
        let last = fields.peek().is_none();
        let fits =
            if index % 2 == 0 { is_number(field, last) } else { field == b"?" || last && field.is_empty() };
        if !fits {
            return Fit::No;
        }
        if last {
            return Fit::whole_if(index % 2 == 1 && field == b"?");
        }
    }
    Fit::Partial
}

fn is_number(field: &[u8], may_be_empty: bool) -> bool {
    field.iter().all(u8::is_ascii_digit) && field.len() <= 5 && (may_be_empty || !field.is_empty())
}

/// `?`, or several with `;` between.
fn marks(rest: &[u8]) -> Fit {
    let alternate = rest.iter().enumerate().all(|(i, b)| *b == if i % 2 == 0 { b'?' } else { b';' });
    if alternate { Fit::whole_if(rest.len() % 2 == 1) } else { Fit::No }
}

/// `name=?`, any number of times with `;` between.
fn kitty_colours(rest: &[u8]) -> Fit {
    let mut fields = rest.split(|b| *b == b';').peekable();
    while let Some(field) = fields.next() {
        let name = field.iter().take_while(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')).count();
        match (&field[name..], fields.peek()) {
            (b"=?", Some(_)) if name > 0 => {}
            (b"=?", None) if name > 0 => return Fit::Whole,
            (b"=", None) if name > 0 => return Fit::Partial,
            (b"", None) => return Fit::Partial,
            _ => return Fit::No,
        }
    }
    Fit::Partial
}

/// `?names`.
fn pointer(rest: &[u8]) -> Fit {
    match rest.split_first() {
        None => Fit::Partial,
        Some((b'?', names)) if names.iter().all(|b| b.is_ascii_graphic()) => Fit::whole_if(!names.is_empty()),
        Some(_) => Fit::No,
    }
}

/// `selections;?`.
fn clipboard(rest: &[u8]) -> Fit {
    let names = rest.iter().take_while(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9')).count();
    literal(&rest[names..], b";?")
}

/// `metadata;` with `p=?` among the metadata and nothing after it.
fn notifications(rest: &[u8]) -> Fit {
    let (metadata, payload) = match split(rest, b';') {
        Some((metadata, payload)) => (metadata, Some(payload)),
        None => (rest, None),
    };
    let mut asks = false;
    let mut pairs = metadata.split(|b| *b == b':').peekable();
    while let Some(pair) = pairs.next() {
        let open = payload.is_none() && pairs.peek().is_none();
        let unfinished = open && pair == b"p=";
        let other_payload = pair.starts_with(b"p=") && pair != b"p=?" && !unfinished;
        if other_payload || !pair.iter().all(u8::is_ascii_graphic) {
            return Fit::No;
        }
        asks |= pair == b"p=?";
    }
    match payload {
        None => Fit::Partial,
        Some(payload) if asks && payload.is_empty() => Fit::Whole,
        Some(_) => Fit::No,
    }
}

fn iterm(rest: &[u8]) -> Fit {
    if let Some(name) = rest.strip_prefix(b"ReportVariable=") {
        let fits = name.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b));
        return if fits { Fit::whole_if(!name.is_empty()) } else { Fit::No };
    }
    let words: [&[u8]; 3] = [b"ReportCellSize", b"Capabilities", b"ReportVariable="];
    words.into_iter().map(|word| literal(rest, word)).find(|fit| *fit != Fit::No).unwrap_or(Fit::No)
}

fn literal(rest: &[u8], word: &[u8]) -> Fit {
    if word.starts_with(rest) { Fit::whole_if(rest.len() == word.len()) } else { Fit::No }
}

/// DECRQSS and XTGETTCAP.
fn dcs(body: &[u8]) -> Fit {
    if body.len() < 2 {
        return if b"$q".starts_with(body) || b"+q".starts_with(body) { Fit::Partial } else { Fit::No };
    }
    let (head, rest) = body.split_at(2);
    let fits = match head {
        b"$q" => rest.iter().all(|b| (b' '..=b'~').contains(b)),
        b"+q" => rest.iter().all(|b| b.is_ascii_hexdigit() || *b == b';'),
        _ => false,
    };
    if fits { Fit::whole_if(!rest.is_empty()) } else { Fit::No }
}

/// Kitty graphics: `G`, pairs with `,` between, of which one is `a=q`, then perhaps `;` and a payload.
fn apc(body: &[u8]) -> Fit {
    let Some((b'G', rest)) = body.split_first() else {
        return if body.is_empty() { Fit::Partial } else { Fit::No };
    };
    let (keys, closed) = match split(rest, b';') {
        Some((keys, _)) => (keys, true),
        None => (rest, false),
    };
    let mut asks = false;
    let mut pairs = keys.split(|b| *b == b',').peekable();
    while let Some(pair) = pairs.next() {
        let open = !closed && pairs.peek().is_none();
        match pair {
            b"a=q" => asks = true,
            b"a=" if open => {}
            [b'a', b'=', ..] => return Fit::No,
            _ if pair.iter().all(u8::is_ascii_graphic) => {}
            _ => return Fit::No,
        }
    }
    match (asks, closed) {
        (true, _) => Fit::Whole,
        (false, false) => Fit::Partial,
        (false, true) => Fit::No,
    }
}

fn osc_query(body: &[u8], end: Terminator) -> Option<Query> {
    let (number, rest) = split(body, b';')?;
    Some(match number {
        b"4" => match rest.split(|b| *b == b';').step_by(2).map(decimal).collect::<Option<Vec<u8>>>() {
            Some(entries) => Query::Palette(entries, end),
            None => other(body, end),
        },
        [b'1', digit @ b'0'..=b'9'] => {
            let first = 10 + digit - b'0';
            let count = u8::try_from(rest.len().div_ceil(2)).unwrap_or(u8::MAX).min(20 - first);
            Query::Colours { first, count, end }
        }
        b"52" => Query::Clipboard(split(rest, b';')?.0.to_vec(), end),
        b"99" => Query::Notifications(split(rest, b';')?.0.to_vec(), end),
        b"1337" if rest == b"ReportCellSize" => Query::CellSize(end),
        b"7501" => Query::ProgramStatus(end),
        _ => other(body, end),
    })
}

fn other(body: &[u8], end: Terminator) -> Query {
    Query::Other([b"\x1b]", body, end.bytes()].concat())
}

fn graphics(body: &[u8]) -> Query {
    let keys = split(body, b';').map_or(body, |(keys, _)| keys);
    let value = |key: u8| {
        keys[1..].split(|b| *b == b',').find_map(|pair| match pair {
            [k, b'=', value @ ..] if *k == key => Some(value),
            _ => None,
        })
    };
    Query::Graphics {
        id: value(b'i').and_then(decimal),
        direct: value(b't').is_none_or(|t| t == b"d"),
        quiet: value(b'q').and_then(decimal).unwrap_or(0),
    }
}

/// A decimal number, if it is one that fits.
pub(super) fn decimal<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// What stands before and after the first `separator`.
pub(super) fn split(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(separator, bytes)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}
