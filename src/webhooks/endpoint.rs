//! What an endpoint is: the content of a resource of the kind `webhook`, sealed as a whole.

use std::fmt;

use bincode::config;
use serde::{Deserialize, Serialize};

use super::sign::SigningSecret;
use crate::domain::effect::EffectTypes;
use crate::domain::ids::{Id, WorkspaceKey};
use crate::domain::resource::{MAX_BODY, Resource, ResourceBody};
use crate::domain::time::Millis;
use crate::ids::Ids;
use crate::sealing::{NotOpened, Place, Sealer};
use crate::wire::webhook::WebhookFormat;

/// The kind of its resource.
pub const KIND: &str = "webhook";
/// Endpoints of a workspace side.
pub const MOST: u16 = 20;
/// The version of the content.
const VERSION: u16 = 1;
/// Secrets that may be in force at once.
const MOST_SECRETS: usize = 4;

/// Where a workspace's effects go. The order of the fields is part of the on-disk format.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub url: Box<str>,
    pub types: EffectTypes,
    pub format: WebhookFormat,
    pub enabled: bool,
    pub description: Box<str>,
    /// The newest first; at least one.
    pub secrets: Vec<InForce>,
    /// Names the service at PagerDuty.
    pub routing_key: Option<Box<str>>,
    /// Why the server has disabled it, if it has.
    pub disabled: Option<DisabledBy>,
}

/// A secret, and until when it signs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    pub secret: SigningSecret,
    /// `None`: until it is rotated.
    pub until: Option<Millis>,
}

/// Why the server has disabled an endpoint. The order of the variants is part of the on-disk format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DisabledBy {
    /// The receiver has answered 410.
    Gone,
}

impl fmt::Debug for Endpoint {
    /// Neither secrets nor an address, whose path may be one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({:?}, {:?}, enabled: {})", self.format, self.types, self.enabled)
    }
}

impl Endpoint {
    /// The secrets that sign at this time.
    pub fn secrets_at(&self, now: Millis) -> impl Iterator<Item = &SigningSecret> {
        let in_force = move |held: &&InForce| held.until.is_none_or(|until| now < until);
        self.secrets.iter().filter(in_force).map(|held| &held.secret)
    }

    /// Gives it another secret; the one before signs as well until `until`.
    pub fn rotate(&mut self, secret: SigningSecret, now: Millis, until: Millis) {
        for held in &mut self.secrets {
            held.until = Some(held.until.map_or(until, |before| before.min(until)));
        }
        self.secrets.retain(|held| held.until.is_none_or(|until| now < until));
        self.secrets.truncate(MOST_SECRETS - 1);
        self.secrets.insert(0, InForce { secret, until: None });
    }

    /// As a resource keeps it.
    pub fn seal(&self, sealer: &Sealer, key: WorkspaceKey, id: Id, ids: &dyn Ids) -> ResourceBody {
        let content = bincode::serde::encode_to_vec(self, config::legacy()).expect("it is plain data");
        ResourceBody {
            version: VERSION,
            wants: if self.enabled { self.types } else { EffectTypes::NONE },
            content: sealer.seal(&place(key, id, VERSION), &content, ids),
        }
    }

    /// What a resource keeps; fails under another secret than it was sealed with.
    pub fn open(sealer: &Sealer, key: WorkspaceKey, resource: &Resource) -> Result<Self, NotOpened> {
        let body = &resource.body;
        let content = sealer.open(&place(key, resource.id, body.version), &body.content)?;
        let limited = config::legacy().with_limit::<MAX_BODY>();
        let (endpoint, _) = bincode::serde::decode_from_slice(&content, limited).map_err(|_| NotOpened)?;
        if body.version == VERSION { Ok(endpoint) } else { Err(NotOpened) }
    }
}

const fn place(key: WorkspaceKey, id: Id, version: u16) -> Place<'static> {
    Place { key, kind: KIND, id, version }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::effect::EffectType;
    use crate::domain::ids::{Position, Side};
    use crate::domain::time::HOUR;
    use crate::ids::SeededIds;

    fn endpoint(ids: &SeededIds) -> Endpoint {
        Endpoint {
            url: "https://hooks.example.com/T0/B0/x".into(),
            types: EffectTypes::from_iter([EffectType::BreakerTriggered]),
            format: WebhookFormat::Standard,
            enabled: true,
            description: "on call".into(),
            secrets: vec![InForce { secret: SigningSecret::random(ids), until: None }],
            routing_key: None,
            disabled: None,
        }
    }

    #[test]
    fn r8_3_an_endpoint_comes_back_from_its_resource_under_the_same_secret_only() {
        let (ids, key) = (SeededIds::new(1), WorkspaceKey { id: Id(1), side: Side::Live });
        let endpoint = endpoint(&ids);
        let sealer = Sealer::new(&[1; 32]);
        let body = endpoint.seal(&sealer, key, Id(2), &ids);
        assert_eq!(body.wants, endpoint.types);
        let hidden: [&[u8]; 3] = [b"hooks.example.com", b"on call", &endpoint.secrets[0].secret.text().into_bytes()];
        for text in hidden {
            assert!(!body.content.windows(text.len()).any(|part| part == text));
        }
        let changed = (0, Position::ZERO);
        let resource = Resource { kind: KIND.into(), id: Id(2), made: 0, changed, body };
        assert_eq!(Endpoint::open(&sealer, key, &resource), Ok(endpoint.clone()));
        assert_eq!(Endpoint::open(&Sealer::new(&[2; 32]), key, &resource), Err(NotOpened));
        let newer = Resource { body: ResourceBody { version: 2, ..resource.body.clone() }, ..resource };
        assert_eq!(Endpoint::open(&sealer, key, &newer), Err(NotOpened));
        let off = Endpoint { enabled: false, ..endpoint }.seal(&sealer, key, Id(2), &ids);
        assert!(off.wants.is_empty());
    }

    #[test]
    fn r8_3_after_a_rotation_the_secret_before_signs_until_its_grace_ends() {
        let ids = SeededIds::new(1);
        let mut endpoint = endpoint(&ids);
        let first = endpoint.secrets[0].secret.clone();
        let second = SigningSecret::random(&ids);
        endpoint.rotate(second.clone(), 0, 24 * HOUR);
        let at = |endpoint: &Endpoint, now| endpoint.secrets_at(now).cloned().collect::<Vec<_>>();
        assert_eq!(at(&endpoint, 24 * HOUR - 1), [second.clone(), first]);
        assert_eq!(at(&endpoint, 24 * HOUR), std::slice::from_ref(&second));
        let third = SigningSecret::random(&ids);
        endpoint.rotate(third.clone(), HOUR, HOUR);
        assert_eq!(at(&endpoint, HOUR), [third], "without a grace the others end at once, those of before too");
        for _ in 0..9 {
            endpoint.rotate(SigningSecret::random(&ids), HOUR, 9 * HOUR);
        }
        assert_eq!(endpoint.secrets.len(), MOST_SECRETS);
    }
}
