//! The first model, `task-1`: fitted on task dialogues (booking bots), English word lists as regular
//! expressions, VADER's sentiment.

pub mod language;
pub mod lexicon;
pub mod sentiment;
pub mod signals;
pub mod text;
