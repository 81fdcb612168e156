//! TLS on the public listener, with a certificate that can be exchanged while it serves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::files::explained;

/// A certificate with its key, from two PEM files.
#[derive(Clone)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    shown: Arc<Shown>,
    acceptor: TlsAcceptor,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{}: {source}", path.display())]
    Pem { path: PathBuf, source: pem::Error },
    #[error("{}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{}: there is no certificate in it", path.display())]
    NoCertificate { path: PathBuf },
    /// A key of an unknown kind, or of another certificate.
    #[error("{} and {}: {source}", certificate.display(), key.display())]
    Pair { certificate: PathBuf, key: PathBuf, source: rustls::Error },
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

impl Tls {
    /// Reads both files; the certificate's may hold a chain, its own certificate first.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let shown = Arc::new(Shown(ArcSwap::from_pointee(read(certificate, key, &provider)?)));
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let config = config.with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12]);
        let config = config.map_err(TlsError::Setup)?.with_no_client_auth();
        let mut config = config.with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { certificate: certificate.into(), key: key.into(), provider, shown, acceptor })
    }

    /// Reads the files again, for connections from here on. With an error all stays as it was.
    pub fn reload(&self) -> Result<(), TlsError> {
        let pair = read(&self.certificate, &self.key, &self.provider)?;
        self.shown.0.store(Arc::new(pair));
        Ok(())
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> std::io::Result<Box<TlsStream<TcpStream>>> {
        self.acceptor.accept(stream).await.map(Box::new)
    }
}

fn read(certificate: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let unread = |path: &Path, source| match source {
        pem::Error::Io(error) => TlsError::Unreadable { path: path.into(), source: explained(path, error) },
        source => TlsError::Pem { path: path.into(), source },
    };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|source| unread(certificate, source))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate { path: certificate.into() });
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|source| unread(key, source))?;
    let pair = CertifiedKey::from_der(chain, private, provider);
    pair.map_err(|source| TlsError::Pair { certificate: certificate.into(), key: key.into(), source })
}

/// The certificate that is shown to clients.
#[derive(Debug)]
struct Shown(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use rcgen::{CertifiedKey as Made, generate_simple_self_signed};

    fn pair() -> (String, String) {
        let Made { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    #[test]
    fn faults_name_the_file_and_a_broken_pair_leaves_the_old_one() {
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = (directory.path().join("c.pem"), directory.path().join("k.pem"));
        let load = || Tls::load(&certificate, &key).map_err(|error| error.to_string());
        assert!(load().err().unwrap().contains("c.pem"));
        let (first, second) = (pair(), pair());
        std::fs::write(&certificate, "").unwrap();
        std::fs::write(&key, &first.1).unwrap();
        assert!(load().err().unwrap().contains("no certificate"));
        std::fs::write(&certificate, &first.0).unwrap();
        std::fs::write(&key, "nothing").unwrap();
        assert!(load().err().unwrap().contains("k.pem"));
        std::fs::write(&key, &second.1).unwrap();
        assert!(load().err().unwrap().contains("c.pem"));

        std::fs::write(&key, &first.1).unwrap();
        let tls = load().ok().unwrap();
        let shown = || tls.shown.0.load().cert.clone();
        let old = shown();
        std::fs::write(&certificate, &second.0).unwrap();
        tls.reload().unwrap_err();
        assert_eq!(shown(), old);
        std::fs::write(&key, &second.1).unwrap();
        tls.reload().unwrap();
        assert_ne!(shown(), old);
    }
}
