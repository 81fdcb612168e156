//! What was expected of a conversation, frozen when it was first scored (SCORING, disconfirmation).

use serde::{Deserialize, Serialize};

use super::score::Hundredths;

/// An account's window speaks when it holds this many other conversations.
const ACCOUNT_QUORUM: u64 = 5;
/// A workspace's conversations speak when there are this many others.
const WORKSPACE_QUORUM: u64 = 20;

/// Where an expectation came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Baseline,
    AccountWindow,
    Workspace,
}

/// e_d per dimension; none where nothing was expected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation(pub [Option<(Hundredths, Source)>; 3]);

impl Expectation {
    pub fn values(&self) -> [Option<Hundredths>; 3] {
        self.0.map(|expected| expected.map(|(value, _)| value))
    }
}

/// What the workspace knows to expect as of an event: what holds before and after the account's
/// own window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fallback {
    pub baselines: [Option<Hundredths>; 3],
    /// Count and sums of the workspace's other conversations.
    pub workspace: (u64, [u64; 3]),
}

impl Fallback {
    /// With the dimensions of the account's other conversations in its window.
    pub fn expectation<'a>(&self, window: impl Iterator<Item = &'a [Hundredths; 3]>) -> Expectation {
        let mut account = (0, [0; 3]);
        for dimensions in window {
            account.0 += 1;
            (0..3).for_each(|d| account.1[d] += u64::from(dimensions[d].0));
        }
        let mean = |(count, sums): (u64, [u64; 3]), quorum, d: usize, source| {
            (count >= quorum).then(|| Hundredths::mean(sums[d], count)).flatten().map(|mean| (mean, source))
        };
        Expectation([0, 1, 2].map(|d| {
            (self.baselines[d].map(|baseline| (baseline, Source::Baseline)))
                .or_else(|| mean(account, ACCOUNT_QUORUM, d, Source::AccountWindow))
                .or_else(|| mean(self.workspace, WORKSPACE_QUORUM, d, Source::Workspace))
        }))
    }
}
