//! Makes a new input of those that there are: a few changes at a time, of the kinds that fuzzers are known for.

use super::MAX_BYTES;
use super::chance::Chance;

/// Changes made to one input at most.
const MAX_CHANGES: usize = 6;
/// Bytes that one change copies, removes or makes up, at most.
const MAX_PIECE: usize = 64;
/// Numbers at which lengths and counts go wrong; written in 1, 2, 4 or 8 bytes.
const NUMBERS: &[u64] = &[
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    16,
    63,
    64,
    127,
    128,
    255,
    256,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    u64::MAX,
];

/// Changes inputs.
pub(super) struct Mutator {
    words: &'static [&'static [u8]],
}

impl Mutator {
    pub(super) fn new(words: &'static [&'static [u8]]) -> Self {
        Self { words }
    }

    /// A changed copy of one of `kept`.
    pub(super) fn change(&self, kept: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
        let mut input = self.base(kept, chance);
        for _ in 0..=chance.below(MAX_CHANGES) {
            self.change_once(&mut input, kept, chance);
        }
        input.truncate(MAX_BYTES);
        input
    }

    /// Newer inputs reached what the others did not, so half of the time it is one of the newest. Of a long one often
    /// only a part is taken: short inputs are tried faster.
    fn base(&self, kept: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
        let newest = kept.len().div_ceil(8);
        let which = match chance.below(2) {
            0 => kept.len() - 1 - chance.below(newest),
            _ => chance.below(kept.len()),
        };
        let base = &kept[which];
        match chance.below(4) {
            0 if base.len() > MAX_PIECE => {
                let from = chance.below(base.len());
                base[from..(from + 1 + chance.below(8 * MAX_PIECE)).min(base.len())].to_vec()
            }
            1 if base.len() > MAX_PIECE => base[..1 + chance.below(base.len())].to_vec(),
            _ => base[..base.len().min(MAX_BYTES)].to_vec(),
        }
    }

    fn change_once(&self, input: &mut Vec<u8>, kept: &[Vec<u8>], chance: &mut Chance) {
        let at = chance.below(input.len() + 1);
        let piece = (1 + chance.below(MAX_PIECE)).min(input.len() - at);
        match chance.below(10) {
            0 if at < input.len() => input[at] ^= 1 << chance.below(8),
            1 if at < input.len() => input[at] = chance.byte(),
            2 => drop(input.drain(at..at + piece)),
            3 => {
                let copy = input[at..at + piece].to_vec();
                let to = chance.below(input.len() + 1);
                input.splice(to..to, copy);
            }
            4 => {
                let noise: Vec<u8> = (0..=chance.below(8)).map(|_| chance.byte()).collect();
                input.splice(at..at, noise);
            }
            5 => write_number(&mut input[at..], chance),
            6 => {
                let other = &kept[chance.below(kept.len())];
                let from = chance.below(other.len() + 1);
                let to = (from + 1 + chance.below(4 * MAX_PIECE)).min(other.len());
                input.splice(at..at, other[from..to].iter().copied());
            }
            7 => {
                let byte = input.get(at).copied().unwrap_or_else(|| chance.byte());
                input.splice(at..at, std::iter::repeat_n(byte, 1 + chance.below(MAX_PIECE)));
            }
            _ if !self.words.is_empty() => {
                let word = chance.pick(self.words);
                let over = if chance.below(2) == 0 { word.len().min(input.len() - at) } else { 0 };
                input.splice(at..at + over, word.iter().copied());
            }
            _ => {}
        }
    }
}

fn write_number(to: &mut [u8], chance: &mut Chance) {
    let number = NUMBERS[chance.below(NUMBERS.len())].wrapping_sub(chance.below(2) as u64);
    let width = [1, 2, 4, 8][chance.below(4)].min(to.len());
    to[..width].copy_from_slice(&number.to_le_bytes()[..width]);
}
