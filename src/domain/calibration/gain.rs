//! What a fit brings on accounts that it has not seen.

use std::collections::BTreeMap;

use crate::domain::ids::Id;

/// How many of its standard errors a gain must be to count.
pub const LEAST_T: f64 = 1.3;
/// As high as t is shown.
const MOST_T: f64 = 999.0;
/// The 97.5 % point of the normal distribution.
const NORMAL: f64 = 1.959_964;

/// How much of the squared error goes away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// As a share of the error before; below 0 where it grows.
    pub share: f64,
    /// 95 %, by how much accounts differ.
    pub interval: [f64; 2],
    /// The gain over its standard error, within ±999.
    pub t: f64,
}

impl Gain {
    /// Errors before and after, of cases with these accounts and weights v. Per account a, d = Σv(before² − after²); the
    /// standard error of Σd is sqrt(Σ(d − d̄)²), since the ratings of an account go together.
    pub fn of(accounts: &[Id], weights: &[f64], before: &[f64], after: &[f64]) -> Self {
        let mut by_account = BTreeMap::new();
        let mut whole = 0.0;
        for (((account, v), before), after) in accounts.iter().zip(weights).zip(before).zip(after) {
            *by_account.entry(*account).or_insert(0.0) += v * (before * before - after * after);
            whole += v * before * before;
        }
        let gain: f64 = by_account.values().sum();
        let mean = gain / (by_account.len().max(1) as f64);
        let error = by_account.values().fold(0.0, |sum, d| sum + (d - mean) * (d - mean)).sqrt();
        let share = |points: f64| if whole > 0.0 { points / whole } else { 0.0 };
        let t = if gain == 0.0 { 0.0 } else { (gain / error).clamp(-MOST_T, MOST_T) };
        Self { share: share(gain), interval: [-1.0, 1.0].map(|side| share(gain + side * NORMAL * error)), t }
    }

    /// Whether it is more than noise.
    pub fn counts(&self) -> bool {
        self.t > LEAST_T
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_counted_by_account() {
        let accounts = [1, 1, 2, 3].map(Id);
        let gain = Gain::of(&accounts, &[1.0, 1.0, 0.5, 1.0], &[2.0, 1.0, 2.0, 1.0], &[1.0, 1.0, 1.0, 2.0]);
        // 3 + 0, 1.5, −3: 1.5 of 8, and √(2.5² + 1² + 3.5²).
        let error = 19.5_f64.sqrt();
        assert!((gain.share - 1.5 / 8.0).abs() < 1e-12 && (gain.t - 1.5 / error).abs() < 1e-12, "{gain:?}");
        assert!((gain.interval[1] - (1.5 + 1.959_964 * error) / 8.0).abs() < 1e-12);
        assert!(!gain.counts());
    }

    #[test]
    fn nothing_gained_is_nothing_and_a_gain_without_doubt_counts() {
        let accounts = [1, 2].map(Id);
        assert_eq!(Gain::of(&accounts, &[1.0; 2], &[1.0; 2], &[1.0; 2]).t, 0.0);
        let sure = Gain::of(&accounts, &[1.0; 2], &[1.0; 2], &[0.0; 2]);
        assert!(sure.counts() && sure.t == 999.0 && sure.interval == [1.0, 1.0]);
        assert_eq!(Gain::of(&[], &[], &[], &[]).share, 0.0);
    }
}
