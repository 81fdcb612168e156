//! HTTP requests that the program makes itself.

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
