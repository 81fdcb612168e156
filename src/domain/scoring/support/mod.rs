//! The second model, `support-2`: fitted on conversations of customer support in five languages. Word packs
//! instead of regular expressions, the language chosen over the whole conversation, and the end of a
//! conversation counting most.

pub mod language;
mod likeness;
mod marks;
pub mod pack;
mod pattern;
pub mod profile;
pub mod signals;
pub mod text;
mod tokens;
pub mod turns;
