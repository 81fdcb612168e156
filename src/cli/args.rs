//! Values of the command line.

use chrono::DateTime;
use uuid::Uuid;

use crate::domain::ids::Id;
use crate::domain::system::Permission;
use crate::domain::time::Millis;

/// A UUID, bare or with the prefix of its kind (R2.2).
pub fn id(text: &str) -> Result<Id, String> {
    let bare = text.split_once('_').map_or(text, |(_, bare)| bare);
    if bare.len() != 36 {
        return Err("a UUID is expected, as in 0190b5c0-0000-7000-8000-000000000001".to_owned());
    }
    bare.parse::<Uuid>().map(Id::from).map_err(|error| error.to_string())
}

/// A text of 1 to 255 characters.
pub fn name(text: &str) -> Result<String, String> {
    if (1..=255).contains(&text.chars().count()) {
        Ok(text.to_owned())
    } else {
        Err("1 to 255 characters are expected".to_owned())
    }
}

/// One of R2.14's scopes that a key of a tenant can have.
pub fn scope(text: &str) -> Result<Permission, String> {
    match serde_json::from_value(text.into()) {
        Ok(Permission::Server) => Err("a key of that scope is made with --server".to_owned()),
        Ok(
            scope @ (Permission::QualityRead | Permission::QualityWrite | Permission::EventsWrite | Permission::Admin),
        ) => Ok(scope),
        Err(_) => Err("one of quality:read, quality:write, events:write, admin is expected".to_owned()),
    }
}

/// A time as RFC 3339 writes it.
pub fn instant(text: &str) -> Result<Millis, String> {
    let parsed = DateTime::parse_from_rfc3339(text);
    parsed.map(|at| at.timestamp_millis()).map_err(|error| format!("{error}; as in 2027-01-31T00:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_2_ids_may_have_the_prefix_of_their_kind() {
        let bare = id("0190B5C0-0000-7000-8000-000000000001").unwrap();
        assert_eq!(id("ws_0190b5c0-0000-7000-8000-000000000001"), Ok(bare));
        assert!(id("0190b5c0000070008000000000000001").is_err());
        assert!(id("acme").is_err());
    }

    #[test]
    fn r2_14_a_server_key_is_no_key_of_a_tenant() {
        assert_eq!(scope("quality:read"), Ok(Permission::QualityRead));
        assert!(scope("server").unwrap_err().contains("--server"));
        assert!(scope("Quality").is_err());
    }
}
