//! What requests and answers look like, for the document alone: `domain` and `service` know nothing
//! of it. Nothing is read or written with these types; that they agree with what is answered is
//! checked on every answer that any test of `tests/http` receives.
//!
//! An object has exactly its fields unless it says otherwise (`openapi::finish`); a field that is
//! always present and may be null is an `Option` marked `required`.

pub mod admin;
pub mod audit;
pub mod events;
pub mod failure;
pub mod ingest;
pub mod leaf;
pub mod params;
pub mod quality;
pub mod scoring;
pub mod status;
