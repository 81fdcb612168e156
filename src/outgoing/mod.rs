//! HTTP requests that the program makes itself.
//!
//! `address` says which addresses those may reach whose target somebody else has chosen, `target` judges such a
//! target's URL.

pub mod address;
pub mod target;

use std::error::Error;
use std::io;

/// What a client is built from. Clients without it find no cryptography for TLS, and panic.
pub fn client() -> reqwest::ClientBuilder {
    provide_cryptography();
    reqwest::Client::builder()
}

/// Names the cryptography of clients that others build.
pub fn provide_cryptography() {
    // An error says that it was there already.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// The first cause of this kind in a chain of errors, in those too that an I/O error holds.
pub fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = held.map(|held| held as &(dyn Error + 'static)).or_else(|| error.source());
    }
    None
}

/// Whether TLS was what failed: a certificate that is not trusted, or no common version.
pub fn is_of_tls(error: &(dyn Error + 'static)) -> bool {
    cause::<rustls::Error>(error).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_found_however_deep_it_lies() {
        let of_tls = || io::Error::other(rustls::Error::HandshakeNotComplete);
        assert!(is_of_tls(&of_tls()) && is_of_tls(&io::Error::other(of_tls())));
        assert!(!is_of_tls(&io::Error::from(io::ErrorKind::ConnectionRefused)));
        assert!(cause::<std::fmt::Error>(&io::Error::other(std::fmt::Error)).is_some());
    }
}
