//! Whether two byte strings are one.

/// Asserts that two byte strings are one, and tells where they part: whole megabytes help nobody.
#[track_caller]
pub fn assert_same(got: &[u8], expected: &[u8], what: &str) {
    if got == expected {
        return;
    }
    let at = got.iter().zip(expected).take_while(|(one, other)| one == other).count();
    let near = |bytes: &[u8]| bytes[at.min(bytes.len())..].iter().take(60).copied().collect::<Vec<u8>>();
    panic!(
        "{what}: {} bytes instead of {}, different from byte {at} on: {} instead of {}",
        got.len(),
        expected.len(),
        near(got).escape_ascii(),
        near(expected).escape_ascii()
    );
}
