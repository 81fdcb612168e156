//! What was expected of a conversation, frozen when it was first scored (docs/scoring.md, disconfirmation).
//!
//! What the workspace expects travels to the accounts as three means, so that what is moved for each scoring has
//! nothing on the heap.

use serde::{Deserialize, Serialize};

use super::score::Hundredths;

/// An account's window counts if it holds this many other conversations.
const ACCOUNT_QUORUM: u64 = 5;
/// A workspace's conversations count if there are this many others.
const WORKSPACE_QUORUM: u64 = 20;

/// Where an expectation came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpectationSource {
    Baseline,
    AccountWindow,
    Workspace,
}

/// e_d per dimension; none where nothing was expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation(pub [Option<(Hundredths, ExpectationSource)>; 3]);

impl Expectation {
    pub fn values(&self) -> [Option<Hundredths>; 3] {
        self.0.map(|expected| expected.map(|(value, _)| value))
    }
}

/// What the workspace expects as of an event. A baseline comes before the account's window; the mean of the
/// workspace's other conversations is used where that window has too few.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fallback(Expectation);

impl Fallback {
    /// From the baselines, and count and sums of the workspace's other conversations.
    pub fn new(baselines: [Option<Hundredths>; 3], count: u64, sums: [u64; 3]) -> Self {
        Self(Expectation([0, 1, 2].map(|d| {
            let baseline = baselines[d].map(|baseline| (baseline, ExpectationSource::Baseline));
            baseline.or_else(|| mean(count, sums[d], WORKSPACE_QUORUM).map(|mean| (mean, ExpectationSource::Workspace)))
        })))
    }

    /// With the dimensions of the account's other conversations in its window.
    pub fn expectation<'a>(&self, window: impl Iterator<Item = &'a [Hundredths; 3]>) -> Expectation {
        let mut account = (0, [0; 3]);
        for dimensions in window {
            account.0 += 1;
            (0..3).for_each(|d| account.1[d] += u64::from(dimensions[d].0));
        }
        let of_account =
            |d: usize| mean(account.0, account.1[d], ACCOUNT_QUORUM).map(|m| (m, ExpectationSource::AccountWindow));
        Expectation([0, 1, 2].map(|d| match self.0.0[d] {
            Some((baseline, ExpectationSource::Baseline)) => Some((baseline, ExpectationSource::Baseline)),
            of_workspace => of_account(d).or(of_workspace),
        }))
    }
}

/// `None` for fewer than `quorum`.
fn mean(count: u64, sum: u64, quorum: u64) -> Option<Hundredths> {
    (count >= quorum).then(|| Hundredths::mean(sum, count)).flatten()
}
