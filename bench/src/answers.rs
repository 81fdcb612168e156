//! What is asked of every contender, in one shape.

/// Of one account; rounded half up to hundredths, as our API answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// Conversations in the window.
    pub count: u64,
    pub composite: Option<u64>,
    pub resolution_rate: Option<u64>,
    pub consecutive_low: u64,
}

/// Of one workspace between two times, both inclusive; rounded half up to hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    pub count: u64,
    pub composite: Option<u64>,
    /// Outcome, process and environment.
    pub dimensions: [Option<u64>; 3],
    pub resolution_rate: Option<u64>,
}

/// An active breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trip {
    pub account: u32,
    /// Length of the run that tripped it.
    pub run: u64,
}

/// `sum / count`, half up; nothing over nothing.
pub fn mean(sum: u64, count: u64) -> Option<u64> {
    (count > 0).then(|| (2 * sum + count) / (2 * count))
}
