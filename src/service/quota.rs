//! How many requests and events a second one credential, and one tenant, may send (R2.8b).
//!
//! Leaky buckets (GCRA, crate `governor`): a second's worth may come at once, then the rate holds. A request is
//! counted as soon as its credential is known; its events once they are read and before they are recorded, all or
//! none. A client that was told to wait and comes back too early is refused before its body is read, and after a
//! pause: otherwise it would keep the server reading bodies only to throw them away.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use governor::clock::Clock as Time;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::tenant_load::TenantLoad;
use super::{Principal, ServiceError};
use crate::clock::Clock;

/// A second; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    pub requests: Option<NonZeroU32>,
    pub events: Option<NonZeroU32>,
}

/// What is limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaOptions {
    /// Of one API key, or one user.
    pub credential: Rates,
    /// Of all credentials of a tenant.
    pub tenant: Rates,
    /// Credentials from one address that are refused.
    pub refused: Option<NonZeroU32>,
    /// Most events of one request: so many may always come at once.
    pub batch: u32,
    /// The pause before the refusal of a client that comes back too early.
    pub hold: Duration,
}

/// A limit that was reached. Over HTTP a 429.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This {who} sends more {what} than it may ({rate} a second).")]
pub struct OverQuota {
    who: &'static str,
    what: &'static str,
    rate: u32,
    /// Whole seconds until it may be tried again.
    pub retry_after: u64,
    /// The client was told to wait and has come back too early.
    early: bool,
}

/// The buckets of all credentials and tenants.
pub struct Quotas {
    requests: Pair,
    events: Pair,
    refused: Option<Limiter>,
    hold: Duration,
}

/// Whose buckets a request and its events are taken from; none where there is no limit.
#[derive(Clone, Debug, Default)]
pub struct Payer {
    credential: Option<Arc<str>>,
    tenant: Option<Arc<str>>,
}

impl Quotas {
    pub fn new(options: QuotaOptions, clock: &Arc<dyn Clock>) -> Self {
        let QuotaOptions { credential, tenant, refused, batch, hold } = options;
        let pair = |what, credential, tenant, least| Pair {
            credential: Limiter::new("credential", what, credential, least, clock),
            tenant: Limiter::new("tenant", what, tenant, least, clock),
        };
        Self {
            requests: pair("requests", credential.requests, tenant.requests, 1),
            events: pair("events", credential.events, tenant.events, batch),
            refused: Limiter::new("address", "credentials that are refused", refused, 1, clock),
            hold,
        }
    }

    /// Counts a credential from this address that was refused. Whoever goes on is held back: a good credential from
    /// there is not touched, since all may come through one proxy.
    pub async fn refused(&self, address: &str) -> Result<(), OverQuota> {
        let Some(limiter) = &self.refused else { return Ok(()) };
        let over = limiter.take(&address.into(), 1);
        if over.is_err() {
            tokio::time::sleep(self.hold).await;
        }
        over
    }

    /// Who pays for what this credential sends.
    pub fn payer(&self, who: &Principal, load: &TenantLoad) -> Payer {
        let limited = self.requests.credential.is_some() || self.events.credential.is_some();
        let tenant = who.tenant.is_some().then(|| Arc::clone(&load.tenant));
        Payer { credential: limited.then(|| who.actor.as_str().into()), tenant }
    }

    /// Counts a request.
    pub fn request(&self, payer: &Payer) -> Result<(), OverQuota> {
        self.requests.each(payer, Limiter::waited)?;
        self.requests.take(payer, 1)
    }

    /// Refuses a client that was told to wait with its events and has come back too early.
    pub fn waited(&self, payer: &Payer) -> Result<(), OverQuota> {
        self.events.each(payer, Limiter::waited)
    }

    /// Pauses before the refusal of a client that has come back too early.
    pub async fn held(&self, asked: Result<(), OverQuota>) -> Result<(), OverQuota> {
        if asked.as_ref().is_err_and(|over| over.early) {
            tokio::time::sleep(self.hold).await;
        }
        asked
    }

    /// Counts events.
    pub fn events(&self, payer: &Payer, count: usize) -> Result<(), OverQuota> {
        self.events.take(payer, u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Forgets buckets that are full again.
    pub fn forget_idle(&self) {
        for pair in [&self.requests, &self.events] {
            for limiter in [&pair.credential, &pair.tenant].into_iter().flatten() {
                limiter.forget_idle();
            }
        }
        self.refused.iter().for_each(Limiter::forget_idle);
    }
}

struct Pair {
    credential: Option<Limiter>,
    tenant: Option<Limiter>,
}

impl Pair {
    fn take(&self, payer: &Payer, count: u32) -> Result<(), OverQuota> {
        self.each(payer, |limiter, key| limiter.take(key, count))
    }

    fn each(&self, payer: &Payer, ask: impl Fn(&Limiter, &Arc<str>) -> Result<(), OverQuota>) -> Result<(), OverQuota> {
        let pairs = [(&self.credential, &payer.credential), (&self.tenant, &payer.tenant)];
        pairs.into_iter().try_for_each(|(limiter, key)| match (limiter, key) {
            (Some(limiter), Some(key)) => ask(limiter, key),
            (None, _) | (_, None) => Ok(()),
        })
    }
}

type Buckets = RateLimiter<Arc<str>, DashMapStateStore<Arc<str>>, Elapsed, NoOpMiddleware<Duration>>;

struct Limiter {
    who: &'static str,
    what: &'static str,
    rate: NonZeroU32,
    buckets: Buckets,
    /// Until when a client was told to wait.
    waiting: DashMap<Arc<str>, Duration>,
}

impl Limiter {
    fn new(
        who: &'static str,
        what: &'static str,
        rate: Option<NonZeroU32>,
        least: u32,
        clock: &Arc<dyn Clock>,
    ) -> Option<Self> {
        let rate = rate?;
        let burst = rate.max(NonZeroU32::new(least).unwrap_or(rate));
        let quota = Quota::per_second(rate).allow_burst(burst);
        let buckets = RateLimiter::new(quota, DashMapStateStore::default(), Elapsed(Arc::clone(clock)));
        Some(Self { who, what, rate, buckets, waiting: DashMap::new() })
    }

    fn take(&self, key: &Arc<str>, count: u32) -> Result<(), OverQuota> {
        let Some(count) = NonZeroU32::new(count) else { return Ok(()) };
        let now = self.buckets.clock().now();
        let wait = match self.buckets.check_key_n(key, count) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(not_until)) => not_until.wait_time_from(now),
            // More than a bucket holds: no request has so many events.
            Err(_) => Duration::from_secs(1),
        };
        self.waiting.insert(Arc::clone(key), now + wait);
        Err(self.over(wait, false))
    }

    fn waited(&self, key: &Arc<str>) -> Result<(), OverQuota> {
        let until = self.waiting.get(key).map_or(Duration::ZERO, |until| *until);
        let wait = until.saturating_sub(self.buckets.clock().now());
        if wait.is_zero() { Ok(()) } else { Err(self.over(wait, true)) }
    }

    fn over(&self, wait: Duration, early: bool) -> OverQuota {
        let retry_after = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        OverQuota { who: self.who, what: self.what, rate: self.rate.get(), retry_after: retry_after.max(1), early }
    }

    fn forget_idle(&self) {
        self.buckets.retain_recent();
        let now = self.buckets.clock().now();
        self.waiting.retain(|_, until| *until > now);
    }
}

/// Our clock, for the buckets.
struct Elapsed(Arc<dyn Clock>);

impl Time for Elapsed {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

impl From<OverQuota> for ServiceError {
    fn from(over: OverQuota) -> Self {
        Self::OverQuota(over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn payer(credential: &str, tenant: Option<&str>) -> Payer {
        Payer { credential: Some(credential.into()), tenant: tenant.map(Into::into) }
    }

    fn quotas(options: QuotaOptions) -> (Quotas, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(0));
        (Quotas::new(options, &(Arc::clone(&clock) as Arc<dyn Clock>)), clock)
    }

    fn rates(requests: u32, events: u32) -> Rates {
        Rates { requests: NonZeroU32::new(requests), events: NonZeroU32::new(events) }
    }

    #[test]
    fn r2_8_a_seconds_worth_then_the_rate_and_others_are_not_touched() {
        let (quotas, clock) = quotas(QuotaOptions { credential: rates(0, 10), batch: 1, ..QuotaOptions::default() });
        let (a, b) = (payer("a", None), payer("b", None));
        quotas.events(&a, 7).unwrap();
        let over = quotas.events(&a, 4).unwrap_err();
        assert_eq!(over.to_string(), "This credential sends more events than it may (10 a second).");
        assert_eq!(over.retry_after, 1);
        quotas.events(&a, 3).expect("a refusal takes nothing");
        quotas.events(&b, 10).expect("another's bucket");
        clock.advance(500);
        quotas.events(&a, 5).unwrap();
        quotas.events(&a, 1).unwrap_err();
    }

    #[test]
    fn r2_8_a_tenants_credentials_share_its_bucket() {
        let (quotas, clock) = quotas(QuotaOptions { tenant: rates(0, 4), batch: 1, ..QuotaOptions::default() });
        quotas.events(&payer("a", Some("t")), 2).unwrap();
        quotas.events(&payer("b", Some("t")), 2).unwrap();
        let over = quotas.events(&payer("c", Some("t")), 4).unwrap_err();
        assert_eq!(over.to_string(), "This tenant sends more events than it may (4 a second).");
        quotas.events(&payer("d", Some("u")), 4).unwrap();
        quotas.events(&payer("server", None), 1_000).expect("a server key has no tenant");
        clock.advance(2_000);
        quotas.events(&payer("c", Some("t")), 4).unwrap();
    }

    #[test]
    fn r2_8_a_whole_batch_fits_whatever_the_rate_and_says_how_long_to_wait() {
        let (quotas, clock) =
            quotas(QuotaOptions { credential: rates(0, 10), batch: 1_000, ..QuotaOptions::default() });
        let a = payer("a", None);
        quotas.events(&a, 1_000).unwrap();
        let over = quotas.events(&a, 1_000).unwrap_err();
        assert_eq!(over.retry_after, 100);
        clock.advance(99_900);
        assert_eq!(quotas.waited(&a).unwrap_err().retry_after, 1);
        quotas.waited(&payer("b", None)).expect("nobody told it to wait");
        clock.advance(100);
        quotas.waited(&a).unwrap();
        quotas.events(&a, 1_000).unwrap();
    }

    #[test]
    fn r2_8_only_who_comes_back_before_it_may_is_early() {
        let (quotas, clock) = quotas(QuotaOptions { credential: rates(1, 1), batch: 1, ..QuotaOptions::default() });
        let a = payer("a", None);
        quotas.events(&a, 1).unwrap();
        assert!(!quotas.events(&a, 1).unwrap_err().early, "nobody had told it");
        assert!(quotas.waited(&a).unwrap_err().early);
        clock.advance(1_000);
        quotas.waited(&a).unwrap();
    }

    #[tokio::test]
    async fn r2_8b_refused_credentials_of_one_address_are_counted_and_of_others_not() {
        let options = QuotaOptions { refused: NonZeroU32::new(2), batch: 1_000, ..QuotaOptions::default() };
        let (quotas, clock) = quotas(options);
        for _ in 0..2 {
            quotas.refused("192.0.2.1").await.unwrap();
        }
        let over = quotas.refused("192.0.2.1").await.unwrap_err();
        assert_eq!(over.to_string(), "This address sends more credentials that are refused than it may (2 a second).");
        quotas.refused("192.0.2.2").await.expect("another address");
        clock.advance(500);
        quotas.refused("192.0.2.1").await.unwrap();
    }

    #[test]
    fn idle_buckets_are_forgotten() {
        let (quotas, clock) = quotas(QuotaOptions { credential: rates(0, 10), batch: 1, ..QuotaOptions::default() });
        for n in 0..100 {
            quotas.events(&payer(&n.to_string(), None), 1).unwrap();
        }
        let held = |quotas: &Quotas| quotas.events.credential.as_ref().map_or(0, |limiter| limiter.buckets.len());
        quotas.forget_idle();
        assert_eq!(held(&quotas), 100);
        clock.advance(10_000);
        quotas.forget_idle();
        assert_eq!(held(&quotas), 0);
    }
}
