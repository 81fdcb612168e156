//! Who holds a bearer token: an API key, or a person by a token of the issuer (R2.11, R2.13).

use super::{Principal, Service, ServiceError};
use crate::issuer::Refusal;

/// What every API key begins with, of any version; no token of an issuer does.
const KEY_START: &str = "sf_";

impl Service {
    /// Counts a credential from this address that was refused (R2.8b).
    pub async fn refused(&self, address: &str) -> Result<(), ServiceError> {
        let Some(quotas) = &self.quotas else { return Ok(()) };
        Ok(quotas.refused(address).await?)
    }

    /// The principal behind a bearer token. API keys are looked up in memory; a token may wait for the
    /// issuer's keys for a bounded time.
    pub async fn identify(&self, token: &str) -> Result<Principal, ServiceError> {
        if token.starts_with(KEY_START) {
            return self.authenticate(token).ok_or(ServiceError::Unauthorized);
        }
        let issuer = self.issuer.as_ref().ok_or(ServiceError::Unauthorized)?;
        // Boxed, so that requests with API keys, which are most, need no room for its state.
        match Box::pin(issuer.check(token)).await {
            Ok(claims) => Ok(Principal::of_claims(claims)),
            Err(Refusal::Token(fault)) => {
                tracing::debug!(%fault, "a token was refused");
                Err(ServiceError::Unauthorized)
            }
            Err(Refusal::Unavailable { retry_after }) => Err(ServiceError::IdentityUnavailable { retry_after }),
        }
    }
}
