//! `[ratings]`: how customers are asked (R13.2).

use super::auth::is_base;
use super::reader::Reader;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatingsConfig {
    /// Where customers reach `/s/`, as they see it; empty: nowhere.
    pub public_url: Box<str>,
    /// Raised to end every link that was given.
    pub link_generation: u32,
}

pub(super) fn read(r: &mut Reader) -> RatingsConfig {
    let expected = "nothing, or an address that /s/ can stand behind, as in \"https://support.example.com\",";
    RatingsConfig {
        public_url: r.text("ratings.public_url", "", expected, |text| text.is_empty() || is_base(text)),
        link_generation: r.integer("ratings.link_generation", 0..=u32::MAX, 0),
    }
}
