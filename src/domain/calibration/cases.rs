//! Rated conversations, in an order that does not depend on how they came.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::domain::ids::Id;
use crate::domain::scoring::catalogue::SignalKind;
use crate::domain::scoring::{Observation, ObservedKind};

/// At most as many cases are used: those that come first.
pub const MOST: usize = 10_000;

/// How many parts the accounts are dealt into.
pub const FOLDS: u64 = 5;

/// An account counts as at most this many ratings, or as this share of all where that is more.
const MOST_OF_ACCOUNT: f64 = 5.0;
const SHARE_OF_ACCOUNT: f64 = 0.05;

/// A conversation that its customer has rated.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Who rated. A conversation without an account stands for one of its own.
    pub account: Id,
    /// 1 to 5.
    pub rating: u8,
    /// A rating among them is passed over: it would explain itself.
    pub observations: Vec<Observation>,
}

/// The cases as the fit sees them, side by side.
pub(super) struct Cases<'a> {
    pub accounts: Vec<Id>,
    pub ratings: Vec<f64>,
    pub observations: Vec<Cow<'a, [Observation]>>,
    /// v.
    pub weights: Vec<f64>,
}

impl<'a> Cases<'a> {
    /// The first [`MOST`], in an order of their own, so that sums come out the same whatever order they came in.
    pub fn of(cases: &'a [Case]) -> Self {
        let mut cases: Vec<&Case> = cases.iter().take(MOST).collect();
        cases.sort_by(|a, b| order(a, b));
        Self::new(cases.into_iter().map(|case| (case.account, f64::from(case.rating), unrated(&case.observations))))
    }

    /// The part of them that `chosen` says, weighed as if there were no others.
    pub fn only(&self, chosen: impl Fn(Id) -> bool) -> Cases<'_> {
        let all = self.accounts.iter().zip(&self.ratings).zip(&self.observations);
        let part = all.filter(|((account, _), _)| chosen(**account));
        Cases::new(part.map(|((account, rating), seen)| (*account, *rating, Cow::Borrowed(&**seen))))
    }

    fn new(cases: impl Iterator<Item = (Id, f64, Cow<'a, [Observation]>)>) -> Self {
        let (mut accounts, mut ratings, mut observations) = (Vec::new(), Vec::new(), Vec::new());
        for (account, rating, seen) in cases {
            accounts.push(account);
            ratings.push(rating);
            observations.push(seen);
        }
        let weights = case_weights(&accounts);
        Self { accounts, ratings, observations, weights }
    }

    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// How many accounts there are.
    pub fn count_accounts(&self) -> usize {
        count_by_account(&self.accounts).len()
    }
}

/// v = min(1, max(5, 0.05 n) / ratings of that account): no account decides alone.
pub fn case_weights(accounts: &[Id]) -> Vec<f64> {
    let most = (SHARE_OF_ACCOUNT * accounts.len() as f64).max(MOST_OF_ACCOUNT);
    let counts = count_by_account(accounts);
    accounts.iter().map(|account| counts.get(account).map_or(1.0, |count| (most / *count as f64).min(1.0))).collect()
}

fn count_by_account(accounts: &[Id]) -> BTreeMap<Id, usize> {
    let mut counts = BTreeMap::new();
    for account in accounts {
        *counts.entry(*account).or_insert(0) += 1;
    }
    counts
}

/// n_eff = (Σv)² / Σv²: how many ratings of equal weight they are worth (Kish's effective sample size).
pub fn effective(weights: &[f64]) -> f64 {
    let (sum, squares) = weights.iter().fold((0.0, 0.0), |(sum, squares), v| (sum + v, squares + v * v));
    if squares > 0.0 { sum * sum / squares } else { 0.0 }
}

/// The part of the accounts that this one belongs to.
pub fn fold(account: Id) -> u64 {
    let Id(number) = account;
    let hash = *blake3::hash(&number.to_le_bytes()).as_bytes();
    let [a, b, c, d, ..] = hash;
    u64::from(u32::from_le_bytes([a, b, c, d])) % FOLDS
}

fn is_rating(seen: &Observation) -> bool {
    seen.signal == ObservedKind::Catalogue(SignalKind::Rating)
}

fn unrated(observations: &[Observation]) -> Cow<'_, [Observation]> {
    if observations.iter().any(is_rating) {
        observations.iter().filter(|seen| !is_rating(seen)).cloned().collect::<Vec<_>>().into()
    } else {
        observations.into()
    }
}

/// Total: only cases that are alike in everything compare as equal.
fn order(a: &Case, b: &Case) -> Ordering {
    let head = |case: &Case| (case.account, case.rating, case.observations.len());
    let rows = || a.observations.iter().zip(&b.observations).map(|(a, b)| order_of_observations(a, b));
    head(a).cmp(&head(b)).then_with(|| rows().find(|order| order.is_ne()).unwrap_or(Ordering::Equal))
}

fn order_of_observations(a: &Observation, b: &Observation) -> Ordering {
    let signals = match (&a.signal, &b.signal) {
        (ObservedKind::Catalogue(a), ObservedKind::Catalogue(b)) => a.cmp(b),
        (ObservedKind::Catalogue(_), ObservedKind::Own(_)) => Ordering::Less,
        (ObservedKind::Own(_), ObservedKind::Catalogue(_)) => Ordering::Greater,
        (ObservedKind::Own(a), ObservedKind::Own(b)) => {
            let numbers = [a.loadings, b.loadings].map(|loadings| loadings.map(f64::to_bits));
            a.name.cmp(&b.name).then(a.weight.to_bits().cmp(&b.weight.to_bits())).then(numbers[0].cmp(&numbers[1]))
        }
    };
    signals.then((a.presence, a.goodness).cmp(&(b.presence, b.goodness)))
}
