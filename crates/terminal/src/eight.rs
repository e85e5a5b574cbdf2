//! Eight bytes of a stream at once, in one register: text and sequences are short, and a search of the wide kind takes
//! longer to begin than they are.

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// The first eight bytes, the first of them lowest.
#[inline]
pub(crate) fn word(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk().map(|eight| u64::from_le_bytes(*eight))
}

/// Marks the bytes that are this one. Only the lowest mark is sure: above it there may be more than are true.
#[inline]
pub(crate) fn equal(word: u64, byte: u8) -> u64 {
    let zero = word ^ (ONES * u64::from(byte));
    zero.wrapping_sub(ONES) & !zero & TOPS
}

/// Marks the bytes that are not printable ASCII, as [`equal`] does.
#[inline]
pub(crate) fn unprintable(word: u64) -> u64 {
    let low = word.wrapping_sub(ONES * 0x20) & !word;
    (low | word) & TOPS | equal(word, 0x7f)
}

/// Marks the bytes that are not of 0x20 to 0x3f: what a control sequence ends with.
#[inline]
pub(crate) fn final_byte(word: u64) -> u64 {
    word & (ONES * 0xe0) ^ (ONES * 0x20)
}

/// The place of the lowest mark, if there is one.
#[inline]
pub(crate) fn first(marks: u64) -> Option<usize> {
    (marks != 0).then(|| marks.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every byte at every place among others that are not looked for.
    fn check(among: u8, marks: impl Fn(u64) -> u64, expect: impl Fn(u8) -> bool) {
        for byte in 0..=255 {
            for place in 0..8 {
                let mut eight = [among; 8];
                eight[place] = byte;
                let found = first(marks(word(&eight).unwrap()));
                assert_eq!(found, expect(byte).then_some(place), "{byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn the_first_byte_looked_for_is_found_wherever_it_stands() {
        check(b'x', |word| equal(word, 0x1b), |byte| byte == 0x1b);
        check(0x1a, |word| equal(word, 0x1b) | equal(word, 0xc2), |byte| matches!(byte, 0x1b | 0xc2));
        check(b'~', unprintable, |byte| !(0x20..0x7f).contains(&byte));
        check(b'0', final_byte, |byte| !(0x20..0x40).contains(&byte));
    }

    #[test]
    fn of_several_the_first_is_found() {
        assert_eq!(first(equal(word(b"ab\x1b\x1b\x1acd\x1b").unwrap(), 0x1b)), Some(2));
        assert_eq!(first(unprintable(word("ab\u{7f}é\u{1f}xy".as_bytes()).unwrap())), Some(2));
        assert_eq!(first(final_byte(word(b"38;5;1m;").unwrap())), Some(6));
        assert_eq!(word(b"seven.."), None);
    }
}
