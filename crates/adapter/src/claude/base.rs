//! Where Claude Code asks its model: the address stands in a variable, in whose place a tap puts its own and notes what it was
//! before. Sessions that are started from inside a tapped one must not lean on its tap.

use std::ffi::OsString;

/// Where Claude Code asks its model.
pub const BASE_URL: &str = "ANTHROPIC_BASE_URL";
/// What the base address was before it became a tap's; empty where there was none.
const BEHIND: &str = "CENTERFIRE_TAP_BEHIND";

/// What one is told whose tap listens at `base`.
pub fn tapped(base: &str, before: &OsString) -> Vec<(String, OsString)> {
    vec![(BASE_URL.to_owned(), base.into()), (BEHIND.to_owned(), before.clone())]
}

/// What a session is told that is started from within a tapped one and has no such tap itself: the address from before, unless
/// its own variables, `given`, say another. `around` gives those of whoever starts it.
pub fn untapped(
    given: &[(String, OsString)],
    around: impl Fn(&str) -> Option<OsString>,
) -> Vec<(String, OsString)> {
    let Some(before) = around(BEHIND) else { return Vec::new() };
    let told = [(BASE_URL.to_owned(), before), (BEHIND.to_owned(), OsString::new())];
    told.into_iter().filter(|(name, _)| !given.iter().any(|(given, _)| given == name)).collect()
}

/// The base address without any tap of ours; empty where there is none.
pub fn before(given: &[(String, OsString)], around: impl Fn(&str) -> Option<OsString>) -> OsString {
    let own = given.iter().rfind(|(name, _)| name == BASE_URL).map(|(_, value)| value.clone());
    own.or_else(|| around(BEHIND)).or_else(|| around(BASE_URL)).unwrap_or_default()
}
