//! Signatures as [Standard Webhooks](https://www.standardwebhooks.com) has them: HMAC-SHA256 over id, time and body.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::domain::time::Millis;
use crate::ids::Ids;

const PREFIX: &str = "whsec_";

/// What an endpoint and its receiver share. Shown when it is made, and never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningSecret([u8; 32]);

impl SigningSecret {
    pub fn random(ids: &dyn Ids) -> Self {
        Self(ids.secret())
    }

    /// As receivers get it: `whsec_` and base64.
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret")
    }
}

/// The header `webhook-timestamp`.
pub const fn timestamp(now: Millis) -> i64 {
    now.div_euclid(1_000)
}

/// The header `webhook-signature`: one signature for each secret.
pub fn signatures<'a>(
    secrets: impl IntoIterator<Item = &'a SigningSecret>,
    id: &str,
    timestamp: i64,
    body: &[u8],
) -> String {
    let all = secrets.into_iter().map(|secret| signature(&secret.0, id, timestamp, body));
    all.collect::<Vec<_>>().join(" ")
}

fn signature(secret: &[u8], id: &str, timestamp: i64, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
    context.update(format!("{id}.{timestamp}.").as_bytes());
    context.update(body);
    format!("v1,{}", STANDARD.encode(context.sign()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SeededIds;

    #[test]
    fn r8_3_the_specifications_example() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn r8_3_two_secrets_are_two_signatures_of_the_same() {
        let ids = SeededIds::new(1);
        let (old, new) = (SigningSecret::random(&ids), SigningSecret::random(&ids));
        let one = |secret| signatures([secret], "id", 1, b"{}");
        assert_eq!(signatures([&new, &old], "id", 1, b"{}"), format!("{} {}", one(&new), one(&old)));
        assert_ne!(one(&new), one(&old));
    }

    #[test]
    fn r8_3_a_secret_has_32_bytes_and_is_never_shown_by_accident() {
        let secret = SigningSecret::random(&SeededIds::new(1));
        let text = secret.text();
        assert_eq!(STANDARD.decode(text.strip_prefix(PREFIX).unwrap()).unwrap(), secret.0);
        assert_eq!(format!("{secret:?}"), "SigningSecret");
    }
}
