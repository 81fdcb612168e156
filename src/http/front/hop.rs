//! What one node tells another about a request that it passes on: the partition that it is for, and where it came from.
//! A MAC says that a node of this cluster has written it; what a client sends under this name counts for nothing.
//!
//! ```text
//! tripswitch-hop: <MAC, 64 hexadecimal digits> <partition>[ <address of the client>]
//! ```

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::domain::partition::Partition;
use crate::http::connection::Peer;

const NAME: HeaderName = HeaderName::from_static("tripswitch-hop");

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    pub partition: Partition,
    /// Where the request came from, if that is known.
    pub client: Option<Peer>,
}

/// Writes and reads it, with a key that all nodes have.
pub struct Hops {
    key: [u8; 32],
}

impl Hops {
    /// With a key that serves nothing else.
    pub const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// Puts it into a request in the place of whatever stands there.
    pub fn put(&self, hop: Hop, headers: &mut HeaderMap) {
        let mut told = hop.partition.0.to_string();
        if let Some(Peer(address)) = hop.client {
            told.push_str(&format!(" {address}"));
        }
        let mac = self.mac(&told);
        let value = HeaderValue::try_from(format!("{mac} {told}"));
        headers.insert(NAME, value.expect("digits and an address stand in a header"));
    }

    /// Takes it out of a request; `None` where there is none of this cluster's.
    pub fn take(&self, headers: &mut HeaderMap) -> Option<Hop> {
        let value = headers.remove(NAME)?;
        let (mac, told) = value.to_str().ok()?.split_once(' ')?;
        // Hashes are compared in constant time.
        if blake3::Hash::from_hex(mac).ok()? != self.mac(told) {
            return None;
        }
        let (partition, client) = told.split_once(' ').map_or((told, None), |(told, client)| (told, Some(client)));
        let client = match client {
            Some(address) => Some(Peer(address.parse::<IpAddr>().ok()?)),
            None => None,
        };
        Some(Hop { partition: Partition(partition.parse().ok()?), client })
    }

    fn mac(&self, told: &str) -> blake3::Hash {
        blake3::keyed_hash(&self.key, told.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: u8, hop: Hop) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(NAME, HeaderValue::from_static("a client's own"));
        Hops::new([key; 32]).put(hop, &mut headers);
        headers
    }

    #[test]
    fn a_hop_comes_back_and_is_taken_out() {
        for client in [None, Some("192.0.2.7"), Some("2001:db8::")] {
            let hop = Hop { partition: Partition(17), client: client.map(|text| Peer(text.parse().unwrap())) };
            let mut headers = put(1, hop);
            assert_eq!(Hops::new([1; 32]).take(&mut headers), Some(hop));
            assert!(headers.is_empty());
        }
    }

    #[test]
    fn what_no_node_of_this_cluster_has_written_counts_for_nothing_and_is_taken_out() {
        let hop = Hop { partition: Partition(17), client: Some(Peer("192.0.2.7".parse().unwrap())) };
        let good = put(1, hop)[NAME].to_str().unwrap().to_owned();
        let altered = [
            good.replacen(" 17 ", " 18 ", 1),
            good.replace("192.0.2.7", "192.0.2.8"),
            good.trim_end_matches(" 192.0.2.7").to_owned(),
            format!("{good} "),
            format!("{}{}", if good.starts_with('0') { '1' } else { '0' }, &good[1..]),
            put(2, hop)[NAME].to_str().unwrap().to_owned(),
            String::new(),
            "17 192.0.2.7".to_owned(),
        ];
        for text in altered {
            let mut headers = HeaderMap::new();
            headers.insert(NAME, HeaderValue::try_from(&text).unwrap());
            assert_eq!(Hops::new([1; 32]).take(&mut headers), None, "{text}");
            assert!(headers.is_empty());
        }
    }
}
