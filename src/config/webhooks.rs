//! `[webhooks]` (R8.3).

use reqwest::Url;

use super::auth::names_nobody;
use super::reader::Reader;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhooksConfig {
    /// Also to private addresses, and without TLS.
    pub allow_private: bool,
    /// Requests under way at a time.
    pub in_flight: u32,
    /// Where people can look further; empty for nowhere.
    pub dashboard_url: Box<str>,
}

pub(super) fn read(r: &mut Reader) -> WebhooksConfig {
    let is_page = |text: &str| {
        let plain = |url: Url| names_nobody(&url) && url.has_host() && url.fragment().is_none();
        Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && plain(url))
    };
    let expected = "nothing, or a page's address, as in \"https://tripswitch.example.com/\",";
    WebhooksConfig {
        allow_private: r.flag("webhooks.allow_private", false),
        in_flight: r.integer("webhooks.in_flight", 2..=10_000, 64),
        dashboard_url: r.text("webhooks.dashboard_url", "", expected, |text| text.is_empty() || is_page(text)),
    }
}
