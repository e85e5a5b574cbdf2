//! Which edges of the code an input went over, and about how often: the counters that the compiler puts in when
//! `cargo xtask fuzz` asks it to. In any other build there are none, and nothing is ever new.

use std::fmt;
use std::sync::Mutex;

/// The counters of one unit of code: where the first is, and how many there are.
static UNITS: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());

/// What was reached by all inputs so far.
pub(super) struct Coverage {
    /// One byte for each counter: the classes of counts that were seen, as bits.
    seen: Vec<Vec<u8>>,
}

/// Called by code that the compiler put into each unit, before `main`.
///
/// # Safety
/// `first` and `last` bound the unit's counters, which live as long as the program.
#[cfg(fuzzing)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __sanitizer_cov_8bit_counters_init(first: *mut u8, last: *mut u8) {
    let unit = (first as usize, last as usize - first as usize);
    let mut units = UNITS.lock().expect("nobody panics with it");
    if !units.contains(&unit) {
        units.push(unit);
    }
}

impl Coverage {
    pub(super) fn new() -> Self {
        let units = UNITS.lock().expect("nobody panics with it");
        Self { seen: units.iter().map(|(_, count)| vec![0; *count]).collect() }
    }

    /// Sets every counter to zero.
    pub(super) fn begin(&self) {
        for counters in self.counters() {
            counters.fill(0);
        }
    }

    /// Takes in what the counters say; true if an edge is new, or went over much more or less often than before.
    pub(super) fn learn(&mut self) -> bool {
        let mut new = false;
        for (counters, seen) in counters_of(self.seen.len()).zip(&mut self.seen) {
            for (count, seen) in counters.iter().zip(seen).filter(|(count, _)| **count > 0) {
                let class = class(*count);
                new |= *seen & class == 0;
                *seen |= class;
            }
        }
        new
    }

    fn counters(&self) -> impl Iterator<Item = &'static mut [u8]> {
        counters_of(self.seen.len())
    }
}

fn counters_of(units: usize) -> impl Iterator<Item = &'static mut [u8]> {
    let known = UNITS.lock().expect("nobody panics with it")[..units].to_vec();
    known.into_iter().map(|(first, count)| {
        // SAFETY: the compiler gave these bounds; a target runs in one thread, which is this one, so that nothing
        // else writes the counters meanwhile, and no two of the slices overlap or outlive a call here.
        unsafe { std::slice::from_raw_parts_mut(first as *mut u8, count) }
    })
}

/// The class of a count as a bit: 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, more.
fn class(count: u8) -> u8 {
    match count {
        0..=3 => 1 << count.saturating_sub(1),
        4..=7 => 1 << 3,
        8..=15 => 1 << 4,
        16..=31 => 1 << 5,
        32..=127 => 1 << 6,
        128.. => 1 << 7,
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: usize = self.seen.iter().map(Vec::len).sum();
        if all == 0 {
            return f.write_str("without counters");
        }
        let reached = self.seen.iter().flatten().filter(|seen| **seen > 0).count();
        write!(f, "{reached} of {all} edges")
    }
}
