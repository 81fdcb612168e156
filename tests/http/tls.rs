//! TLS on the public listener.

#![expect(clippy::unwrap_used, reason = "certificates made for a test")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tripswitch::http::{Limits, Tls, Web, Wire};
use tripswitch::ids::SeededIds;

use crate::support::raw::Raw;
use crate::support::world::{WORKSPACE, World, at};
use crate::support::{Server, Setup};

/// An authority, and the files of the certificates that it has made.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, directory: tempfile::tempdir().unwrap() }
    }

    fn files(&self) -> [PathBuf; 2] {
        ["certificate.pem", "key.pem"].map(|name| self.directory.path().join(name))
    }

    /// Makes another certificate in the place of the last one.
    fn issue(&self) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let [certificate_file, key_file] = self.files();
        std::fs::write(certificate_file, certificate.pem() + &self.issuer.pem()).unwrap();
        std::fs::write(key_file, key.serialize_pem()).unwrap();
        certificate.der().clone()
    }

    fn connector(&self, versions: &[&'static SupportedProtocolVersion], alpn: &[&str]) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsConnector::from(Arc::new(config))
    }

    /// A client's side of a connection to the server.
    async fn connect(&self, world: &World) -> std::io::Result<TlsStream<TcpStream>> {
        connect(self.connector(rustls::ALL_VERSIONS, &["http/1.1"]), world).await
    }
}

async fn connect(connector: TlsConnector, world: &World) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(world.server.address).await?;
    connector.connect(ServerName::try_from("localhost").unwrap(), stream).await
}

async fn serve(authority: &Authority, limits: Limits) -> (World, Tls) {
    let [certificate, key] = authority.files();
    let tls = Tls::load(&certificate, &key).map_err(|error| error.to_string()).unwrap();
    let web = Web { https: true, ..Web::default() };
    let wire = Wire { tls: Some(tls.clone()), web, ..Wire::new(limits, Arc::new(SeededIds::new(3))) };
    (World::of(Server::start(Setup { wire, ..Setup::default() }).await).await, tls)
}

fn ask(world: &World) -> String {
    format!("GET {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n", at("csat-config"), world.key)
}

#[tokio::test]
async fn requests_and_refusals_over_both_versions() {
    let authority = Authority::new();
    authority.issue();
    let (world, _) = serve(&authority, Limits::default()).await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let stream = connect(authority.connector(&[version], &["h2", "http/1.1"]), &world).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let mut raw = Raw::over(stream);
        for _ in 0..3 {
            raw.send(ask(&world)).await;
            let answer = raw.answer().await;
            assert_eq!(answer.expect(200)["workspaceId"], WORKSPACE);
            assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
        }
        raw.send([b"GET / HTTP/1.1\r\nx: ".to_vec(), vec![b'y'; 64 << 10]].concat()).await;
        raw.answer().await.closes(431, "headers_too_large");
        raw.ends().await;
    }
    let only_h2 = connect(authority.connector(rustls::ALL_VERSIONS, &["h2"]), &world).await;
    assert!(only_h2.is_err(), "there is nothing but HTTP/1.1");
}

#[tokio::test]
async fn a_certificate_is_exchanged_while_connections_go_on_and_a_broken_one_is_not_taken() {
    let authority = Authority::new();
    let first = authority.issue();
    let (world, tls) = serve(&authority, Limits::default()).await;
    let shown = async || {
        let stream = authority.connect(&world).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
    };
    let mut open = Raw::over(authority.connect(&world).await.unwrap());
    assert_eq!(shown().await, first);

    let second = authority.issue();
    assert_eq!(shown().await, first, "until it is told to");
    let [_, key] = authority.files();
    let right = std::fs::read(&key).unwrap();
    std::fs::write(&key, "-----BEGIN PRIVATE KEY-----\n").unwrap();
    tls.reload().unwrap_err();
    assert_eq!(shown().await, first);

    std::fs::write(&key, right).unwrap();
    tls.reload().unwrap();
    assert_eq!(shown().await, second);
    open.send(ask(&world)).await;
    open.answer().await.expect(200);
}

#[tokio::test]
async fn what_is_no_tls_ends() {
    let authority = Authority::new();
    authority.issue();
    let (header_timeout, idle_timeout) = (Duration::from_millis(300), Duration::ZERO);
    let limits = Limits { header_timeout, idle_timeout, ..Limits::default() };
    let (world, _) = serve(&authority, limits).await;
    for bytes in [ask(&world).into_bytes(), b"\x16\x03\x01\x02\x00\x01".to_vec(), Vec::new()] {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut stream = TcpStream::connect(world.server.address).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        let mut answer = Vec::new();
        // An alert, or nothing; and the end.
        let end = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut answer)).await;
        drop(end.expect("it hangs"));
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
    Raw::over(authority.connect(&world).await.unwrap()).ends().await;
}

#[tokio::test]
async fn r2_8_limits_hold_and_are_told_over_tls() {
    let authority = Authority::new();
    authority.issue();
    let limits = Limits { connections: 1, shutdown_grace: Duration::from_millis(60), ..Limits::default() };
    let (world, _) = serve(&authority, limits).await;
    let mut only = Raw::over(authority.connect(&world).await.unwrap());
    let mut other = Raw::over(authority.connect(&world).await.unwrap());
    other.answer().await.closes(503, "too_many_connections");
    other.ends().await;
    only.send(&ask(&world)[..20]).await;
    world.server.stop().await;
    only.ends().await;
}
