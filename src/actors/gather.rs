//! Gathers the results of the accounts of one round in one place; the last account wakes the workspace, once.
//!
//! One list for all, since a message to the workspace for each account would cost more than most accounts' work.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::domain::account::OpResults;
use crate::domain::ids::Id;

/// The results of one round.
pub(crate) struct Gather {
    answers: Mutex<Vec<(Id, OpResults)>>,
    /// How many accounts are still at work, and one more for the workspace itself.
    out: AtomicUsize,
    done: Notify,
}

/// One account's place among the results: filled in, or lost if it is dropped.
pub(crate) struct PendingPart {
    gather: Arc<Gather>,
    account: Id,
}

impl Gather {
    /// For at most so many accounts.
    pub fn new(accounts: usize) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(Vec::with_capacity(accounts)),
            out: AtomicUsize::new(1),
            done: Notify::new(),
        })
    }

    pub fn share(self: &Arc<Self>, account: Id) -> PendingPart {
        self.out.fetch_add(1, Ordering::Relaxed);
        PendingPart { gather: Arc::clone(self), account }
    }

    /// Waits until every account has answered or was lost; returns the results of those that were not lost.
    pub async fn answers(self: Arc<Self>) -> Vec<(Id, OpResults)> {
        // The last account to answer finds only the workspace's own count left.
        if self.out.fetch_sub(1, Ordering::AcqRel) > 1 {
            self.done.notified().await;
        }
        std::mem::take(&mut *self.answers.lock())
    }
}

impl PendingPart {
    pub fn answer(self, outcomes: OpResults) {
        self.gather.answers.lock().push((self.account, outcomes));
    }
}

impl Drop for PendingPart {
    fn drop(&mut self) {
        if self.gather.out.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.gather.done.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn i6_an_account_that_dies_is_missing_from_the_answers_and_nobody_waits_for_it() {
        let gather = Gather::new(3);
        let shares: Vec<_> = (0..3).map(|id| gather.share(Id(id))).collect();
        let answering = tokio::spawn(async move {
            for (n, share) in shares.into_iter().enumerate() {
                if n == 1 {
                    drop(share);
                } else {
                    share.answer(OpResults::default());
                }
            }
        });
        let answers = gather.answers().await;
        assert_eq!(answers.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [Id(0), Id(2)]);
        answering.await.unwrap();
    }

    #[tokio::test]
    async fn a_round_without_accounts_waits_for_nobody() {
        assert!(Gather::new(0).answers().await.is_empty());
        let gather = Gather::new(1);
        gather.share(Id(1)).answer(OpResults::default());
        assert_eq!(gather.answers().await.len(), 1);
    }
}
