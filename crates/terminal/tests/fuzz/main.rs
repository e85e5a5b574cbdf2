//! The terminal's parsers, attacked with bytes: `cargo xtask fuzz` runs each target for longer.
//!
//! - `scan`: the scanner on the byte path: where reads end changes nothing, and what is held is bounded
//! - `screen`: the screen and its dump, through splits and changes of size
//! - `key`: names of keys, what is sent for them, and the key that detaches
//! - `reply`: a terminal's answers among what is typed

mod key;
mod reply;
mod scan;
mod screen;

/// Takes the first byte of an input, which says how the rest is used.
fn first(bytes: &[u8]) -> (u8, &[u8]) {
    bytes.split_first().map_or((0, bytes), |(first, rest)| (*first, rest))
}

/// Cuts bytes into pieces whose lengths depend on `how` alone: all kinds, from single bytes on.
fn pieces(bytes: &[u8], how: u8) -> impl Iterator<Item = &[u8]> {
    let mut state = u32::from(how) + 1;
    let mut rest = bytes;
    std::iter::from_fn(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let most = [1, 3, 16, 300][usize::from(how % 4)];
        let (piece, after) = rest.split_at(rest.len().min(1 + (state >> 16) as usize % most));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}
