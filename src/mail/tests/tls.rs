//! TLS to a mail server whose certificate an authority of the test's own has made.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use super::relay::{PATIENCE, message, options};
use crate::background::Stop;
use crate::config::mail::MailRelay;
use crate::domain::follow_up::MailFault;
use crate::mail::relay::{Relay, SmtpRelay, Tried};

/// An authority's certificate, in a file, and how a server with one of it talks.
struct Authority {
    directory: TempDir,
    config: Arc<ServerConfig>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("ca.pem"), issuer.pem()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
        Self { directory, config: Arc::new(config) }
    }

    fn ca_file(&self) -> Option<PathBuf> {
        Some(self.directory.path().join("ca.pem"))
    }

    /// A server that takes everything, with TLS from the first byte or after `STARTTLS`.
    fn serve(&self, at_once: bool) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, config) = (listener.local_addr().unwrap(), Arc::clone(&self.config));
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                if !at_once {
                    connection.write_all(b"220 plain\r\n").unwrap();
                    if !talk(&mut connection, "250-plain\r\n250 STARTTLS") {
                        continue;
                    }
                }
                let session = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut secret = StreamOwned::new(session, connection);
                if at_once && secret.write_all(b"220 secret\r\n").is_err() {
                    continue;
                }
                talk(&mut secret, "250-secret\r\n250 8BITMIME");
            }
        });
        address
    }
}

/// Until the client goes, or wants TLS, which is answered.
fn talk<S: Read + Write>(stream: &mut S, greets: &str) -> bool {
    let (mut reader, mut in_text) = (BufReader::new(stream), false);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return false;
        }
        let answer = match line.trim_end() {
            "." if in_text => "250 taken",
            _ if in_text => continue,
            "STARTTLS" => "220 go on",
            "DATA" => "354 go on",
            word if word.starts_with("EHLO") => greets,
            _ => "250 OK",
        };
        in_text = line.starts_with("DATA");
        if reader.get_mut().write_all(format!("{answer}\r\n").as_bytes()).is_err() {
            return false;
        }
        if line.starts_with("STARTTLS") {
            return true;
        }
    }
}

async fn send(address: SocketAddr, url: &str, ca_file: Option<PathBuf>) -> Tried {
    let options = options(&url.replace("PORT", &address.port().to_string()));
    let relay = SmtpRelay::new(&MailRelay { ca_file, ..options }, PATIENCE).unwrap();
    relay.send(&message("anna@example.org"), &Stop::new()).await
}

#[tokio::test]
async fn r13_2b_a_mail_goes_over_tls_to_a_server_whose_certificate_is_trusted_and_to_no_other() {
    let (ours, others) = (Authority::new(), Authority::new());
    for (at_once, url) in [(true, "smtps://localhost:PORT"), (false, "smtp://localhost:PORT?tls=required")] {
        let address = ours.serve(at_once);
        assert_eq!(send(address, url, ours.ca_file()).await, Tried::Taken, "{url}");
        let untrusted = Tried::Trouble(MailFault::Tls);
        assert_eq!(send(address, url, others.ca_file()).await, untrusted, "{url}");
        assert_eq!(send(address, &url.replace("localhost", "127.0.0.1"), ours.ca_file()).await, untrusted, "{url}");
    }
}

#[tokio::test]
async fn r13_2b_a_server_that_speaks_no_tls_gets_no_mail_where_it_should() {
    let address = Authority::new().serve(false);
    assert_eq!(send(address, "smtps://localhost:PORT", None).await, Tried::Trouble(MailFault::Tls));
}
