//! What is measured of Tripswitch alone.

pub mod asked;
pub mod growth;
pub mod heard;
pub mod messages;
pub mod neighbours;
pub mod reads;
pub mod snapshots;
