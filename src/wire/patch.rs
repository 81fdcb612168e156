//! What bodies that change members of something have in common: those that were not sent stay.

use serde::{Deserialize, Deserializer};

use super::body::{Asked, Fields};
use crate::domain::ids::{Id, IdKind};

/// What such a body says of a workspace that is not the one in the path.
pub const OTHER_WORKSPACE: &str = "is not the workspace of the path";

/// `null` is a value; an absent member is none.
pub fn sent<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The workspace as a GET answers it, so that what was read can be sent back.
pub fn workspace_id(fields: &mut Fields<'_>, asked: Asked) -> Option<Id> {
    let id = fields.id("workspaceId", IdKind::Workspace);
    if id.is_some() && id != asked.workspace {
        fields.fault("workspaceId", OTHER_WORKSPACE);
    }
    id
}

/// The name of a field as JSON has it.
pub fn camel(field: &str) -> String {
    let mut words = field.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(1);
        name.push_str(&first.to_ascii_uppercase());
        name.push_str(rest);
    }
    name
}
