//! What is sent: made from a seed and the time of the start, the same for every contender.

pub mod conversations;
pub mod edges;
pub mod scored;
pub mod sentences;

/// Facts or events of one request.
pub const BATCH: usize = 100;

/// A score made elsewhere, of one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Unique in its workspace; event and conversation are named by it.
    pub number: u32,
    /// Unique over all workspaces, unless it is meant to stand in two.
    pub account: u32,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Outcome, process and environment in hundredths, 100 to 500.
    pub dimensions: [u16; 3],
    pub resolved: bool,
    /// Hundredths, 0 to 100.
    pub confidence: u16,
    pub signals: u16,
}

impl Fact {
    /// The plain mean in hundredths, half up.
    pub fn composite(&self) -> u16 {
        let sum: u16 = self.dimensions.iter().sum();
        (2 * sum + 3) / 6
    }

    /// The identity of its event, within its workspace.
    pub fn event(&self) -> String {
        format!("bench/{}", self.number)
    }
}

/// Facts that are sent together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub workspace: usize,
    pub facts: Vec<Fact>,
}

/// How much, spread over how many.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub facts: usize,
    pub workspaces: usize,
    /// Over all workspaces.
    pub accounts: usize,
    pub seed: u64,
}

impl Shape {
    pub fn accounts_of_each(&self) -> usize {
        (self.accounts / self.workspaces).max(1)
    }

    /// An account by its workspace and its rank in popularity there.
    pub fn account(&self, workspace: usize, rank: usize) -> u32 {
        (workspace * self.accounts_of_each() + rank) as u32
    }
}

pub fn account_id(account: u32) -> uuid::Uuid {
    uuid::Uuid::from_u128(0x00000000_0000_4000_8000_000000000000 | u128::from(account))
}

pub fn workspace_id(workspace: usize) -> uuid::Uuid {
    uuid::Uuid::from_u128(0x30000000_0000_4000_8000_000000000000 | workspace as u128)
}

pub fn conversation_id(workspace: usize, number: u32) -> uuid::Uuid {
    uuid::Uuid::from_u128(0x10000000_0000_4000_8000_000000000000 | (workspace as u128) << 32 | u128::from(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r5_4_a_composite_is_the_mean_rounded_half_up() {
        let of = |dimensions| {
            let fact = Fact { number: 0, account: 0, at: 0, dimensions, resolved: true, confidence: 100, signals: 0 };
            fact.composite()
        };
        assert_eq!((of([300, 300, 300]), of([299, 300, 300]), of([299, 299, 300]), of([500; 3])), (300, 300, 299, 500));
    }
}
