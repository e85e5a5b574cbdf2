//! Percentiles and spreads of samples, and the rounds in which they are taken: every peer once per round, so that
//! a drift of the machine hits all of them, and ratios are taken inside a round before their median is.

use anyhow::Result;

use super::peer::Named;

/// A peer that failed this often in one figure is left out of the figure's further rounds: each failure may have
/// cost a whole time-out.
const FAILURES_ALLOWED: usize = 2;

/// A yardstick that adds less than this part of the base adds nothing that can be told from noise, and a ratio to it
/// would be noise too.
const LEAST_ADDED: f64 = 0.1;

/// Smallest, middle and largest of some samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub min: f64,
    pub median: f64,
    pub max: f64,
}

/// The sample below which `percent` of all samples lie (nearest rank).
pub fn percentile(samples: &[f64], percent: f64) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// The middle sample; the mean of both middle ones for an even count.
pub fn median(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 { Some(upper) } else { Some((sorted[sorted.len() / 2 - 1] + upper) / 2.0) }
}

/// Spread of some samples, if there are any.
pub fn spread(samples: &[f64]) -> Option<Spread> {
    let min = samples.iter().copied().min_by(f64::total_cmp)?;
    let max = samples.iter().copied().max_by(f64::total_cmp)?;
    Some(Spread { min, median: median(samples)?, max })
}

/// `K` measured values per peer and round; `None` where a peer failed.
pub struct Rounds<const K: usize> {
    by_peer: Vec<Vec<Option<[f64; K]>>>,
    failures: Vec<Vec<String>>,
}

impl<const K: usize> Rounds<K> {
    /// Measures every peer in turn, `count` times over.
    pub fn play<P: Named>(
        what: &str,
        peers: &[P],
        count: usize,
        mut measure: impl FnMut(usize, &P) -> Result<[f64; K]>,
    ) -> Rounds<K> {
        let mut rounds =
            Rounds { by_peer: vec![Vec::new(); peers.len()], failures: vec![Vec::new(); peers.len()] };
        for round in 1..=count {
            eprintln!("{what}: round {round} of {count}");
            for (index, peer) in peers.iter().enumerate() {
                let gave_up = rounds.failures[index].len() >= FAILURES_ALLOWED;
                let value = if gave_up { None } else { Some(measure(index, peer)) };
                rounds.record(index, value);
            }
        }
        rounds
    }

    fn record(&mut self, peer: usize, value: Option<Result<[f64; K]>>) {
        let kept = match value {
            Some(Ok(value)) => Some(value),
            Some(Err(error)) => {
                self.failures[peer].push(format!("{error:#}"));
                None
            }
            None => None,
        };
        self.by_peer[peer].push(kept);
    }

    /// All rounds of one value of one peer that did not fail.
    pub fn values(&self, peer: usize, which: usize) -> Vec<f64> {
        self.by_peer[peer].iter().flatten().map(|values| values[which]).collect()
    }

    /// Spread of one value of one peer over the rounds.
    pub fn spread(&self, peer: usize, which: usize) -> Option<Spread> {
        spread(&self.values(peer, which))
    }

    /// Median over the rounds of peer ÷ yardstick.
    pub fn ratio(&self, peer: usize, yardstick: Option<usize>, which: usize) -> Option<f64> {
        self.median_of(peer, yardstick?, which, |ours, theirs| ours / theirs)
    }

    /// Median over the rounds of peer − base.
    pub fn above(&self, peer: usize, base: Option<usize>, which: usize) -> Option<f64> {
        self.median_of(peer, base?, which, |ours, base| ours - base)
    }

    /// Median over the rounds of (peer − base) ÷ (yardstick − base), without rounds in which the yardstick added
    /// next to nothing.
    pub fn ratio_above(
        &self,
        peer: usize,
        yardstick: Option<usize>,
        base: Option<usize>,
        which: usize,
    ) -> Option<f64> {
        let (base, yardstick) = (&self.by_peer[base?], &self.by_peer[yardstick?]);
        let ratios: Vec<f64> = (self.by_peer[peer].iter().zip(yardstick).zip(base))
            .filter_map(|((ours, theirs), base)| {
                Some((((*ours)?)[which], (*theirs)?[which], (*base)?[which]))
            })
            .filter(|(_, theirs, base)| theirs - base > base * LEAST_ADDED)
            .map(|(ours, theirs, base)| (ours - base) / (theirs - base))
            .collect();
        median(&ratios)
    }

    fn median_of(&self, peer: usize, other: usize, which: usize, of: fn(f64, f64) -> f64) -> Option<f64> {
        let pairs = self.by_peer[peer].iter().zip(&self.by_peer[other]);
        let both = pairs.filter_map(|(ours, theirs)| Some(of((*ours)?[which], (*theirs)?[which])));
        median(&both.filter(|value| value.is_finite()).collect::<Vec<f64>>())
    }

    /// One line per peer that failed, with its first reason.
    pub fn notes(&self, peers: &[impl Named]) -> Vec<String> {
        let failed = peers.iter().zip(&self.failures).filter(|(_, failures)| !failures.is_empty());
        failed.map(|(peer, failures)| format!("{}: failed, {}", peer.name(), failures[0])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples_that_were_taken() {
        let samples: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&samples, 50.0), Some(50.0));
        assert_eq!(percentile(&samples, 99.0), Some(99.0));
        assert_eq!(percentile(&[7.0], 99.0), Some(7.0));
        assert_eq!(percentile(&[], 50.0), None);
    }

    #[test]
    fn spread_has_the_middle_of_an_even_count() {
        assert_eq!(spread(&[4.0, 1.0, 3.0, 2.0]), Some(Spread { min: 1.0, median: 2.5, max: 4.0 }));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn ratios_are_taken_inside_a_round_and_skip_failed_rounds() {
        let rounds = Rounds::<1> {
            by_peer: vec![
                vec![Some([10.0]), Some([10.0]), Some([10.0])],
                vec![Some([20.0]), None, Some([30.0])],
                vec![Some([30.0]), Some([99.0]), Some([50.0])],
            ],
            failures: vec![Vec::new(); 3],
        };
        assert_eq!(rounds.ratio(2, Some(1), 0), Some((30.0 / 20.0 + 50.0 / 30.0) / 2.0));
        assert_eq!(rounds.above(1, Some(0), 0), Some(15.0));
        assert_eq!(rounds.ratio_above(2, Some(1), Some(0), 0), Some(2.0));
        assert_eq!(rounds.ratio(2, None, 0), None);
        assert_eq!(rounds.ratio_above(2, Some(0), Some(0), 0), None, "a yardstick that adds nothing");
    }
}
