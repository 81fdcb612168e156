//! Tokens of the issuer (R2.13): who holds one, and what they may do.
//!
//! `token` reads and judges a token, `jwks` a key set; both are pure. `keys` keeps the issuer's keys
//! and decides when they are fetched, `fetch` fetches them. Whatever can be judged without a key is
//! judged before one is looked for: a token that would be refused anyway asks the issuer nothing.

pub mod fetch;
pub mod jwks;
pub mod keys;
pub mod token;

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::background::{Stop, every};
use crate::clock::Clock;
pub use fetch::{Fetch, FetchError, HttpFetch};
use keys::{Keys, Missing};
use token::Rules;
pub use token::{Claims, TokenFault};

/// How long a token with an unknown key waits for a fetch under way.
pub const WAIT: Duration = Duration::from_secs(2);

/// How often [`Issuer::keep_keys`] looks whether the keys are due.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// Whose tokens are taken.
#[derive(Clone, Debug)]
pub struct IssuerOptions {
    /// `iss`, letter by letter.
    pub issuer: Box<str>,
    /// One of these must stand in `aud`.
    pub audience: Vec<Box<str>>,
    /// How long a token with an unknown key waits for a fetch under way ([`WAIT`]).
    pub wait: Duration,
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Why it is refused. For the log alone: a client is not told.
    #[error(transparent)]
    Token(#[from] TokenFault),
    /// The token may be good, but there never was a key to check it with.
    #[error("the issuer's keys have never been loaded")]
    Unavailable { retry_after: Duration },
}

/// Checks tokens of one issuer.
pub struct Issuer {
    rules: Rules,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
}

impl Issuer {
    /// Fetches run on `runtime`. Nothing is fetched before the first token, or [`Self::keep_keys`].
    pub fn new(options: IssuerOptions, fetch: Arc<dyn Fetch>, clock: Arc<dyn Clock>, runtime: Handle) -> Self {
        let IssuerOptions { issuer, audience, wait } = options;
        let keys = Arc::new(Keys::new(fetch, Arc::clone(&clock), runtime, wait));
        Self { rules: Rules { issuer, audience }, keys, clock }
    }

    /// What a token says, if it is one of the issuer's and holds now.
    pub async fn check(&self, token: &str) -> Result<Claims, Refusal> {
        let read = token::read(token, &self.rules, self.clock.now())?;
        match self.keys.find(read.kid()).await {
            Ok(key) => Ok(read.verify(&key)?),
            Err(Missing::Unknown) => Err(TokenFault::UnknownKey.into()),
            Err(Missing::NeverLoaded { retry_after }) => Err(Refusal::Unavailable { retry_after }),
        }
    }

    /// Loads the keys, and again when they are an hour old, until the stop.
    pub async fn keep_keys(&self, stop: &Stop) {
        let mut ticks = every(LOOK_EVERY, stop);
        while ticks.next().await {
            self.keys.refresh_if_due();
        }
    }
}

#[cfg(test)]
#[path = "../../tests/support/signing.rs"]
mod signing;
