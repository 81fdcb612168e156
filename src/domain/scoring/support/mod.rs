//! The second model, `support-2`: fitted on conversations of customer support in five languages. It has word packs
//! instead of regular expressions, chooses one language for the whole conversation, and gives the end of a
//! conversation the most weight.

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
