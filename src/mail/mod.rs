//! Follow-up mail (R13.2b): asks customers how a conversation went, some time after it has ended.
//!
//! Which mails are due is a side's state, and so is what became of them. A `postman` for each side that has due ones
//! takes them, one after the other, to the server that `relay` speaks with: as `message` writes them, in the words of a
//! `template` of the workspace's own or of the built-in `texts`. `gate` says whether the server is tried, `schedule` when a
//! mail is tried again, `source` is where mails come from. Addresses are sealed until they are needed, and never logged.

pub mod counts;
pub mod gate;
pub mod message;
pub mod postman;
pub mod relay;
pub mod schedule;
pub mod source;
pub mod template;
#[cfg(test)]
mod tests;
pub mod texts;
