use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::testing::{TestServer, options, runtime};
use super::*;

/// Says `info` to whoever connects, and answers pings.
fn pretend(info: &'static str) -> NatsOptions {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            write!(stream, "INFO {info}\r\n").unwrap();
            for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                let Ok(line) = line else { break };
                if line.starts_with("PING") && stream.write_all(b"PONG\r\n").is_err() {
                    break;
                }
            }
        }
    });
    options(port)
}

fn refusal(options: &NatsOptions) -> String {
    runtime().block_on(connect(options)).unwrap_err().to_string()
}

#[test]
fn an_old_server_is_refused_with_the_reason() {
    for version in ["2.9.10", "2.13.9", "1.99.0", "none"] {
        let info: &'static str = Box::leak(
            format!(r#"{{"server_id":"X","server_name":"n1","version":"{version}","max_payload":8388608}}"#)
                .into_boxed_str(),
        );
        let refusal = refusal(&pretend(info));
        assert_eq!(
            refusal,
            format!(
                "the NATS server n1 has version {version}; 2.14 or newer is needed, earlier ones can lose what they \
                 have acknowledged"
            )
        );
    }
}

#[test]
fn a_server_for_small_messages_is_refused_with_the_reason() {
    let info = r#"{"server_id":"X","version":"2.15.1","jetstream":true,"max_payload":65536}"#;
    assert_eq!(
        refusal(&pretend(info)),
        "the NATS server X takes messages of up to 65536 bytes; set its max_payload to 1048576 or more"
    );
}

#[test]
fn a_server_without_jetstream_is_refused_with_the_reason() {
    let Some(server) = TestServer::start_with("") else { return };
    let refusal = refusal(&server.options());
    assert!(refusal.starts_with("the NATS server test offers no JetStream ("), "{refusal}");
}

#[test]
fn addresses_are_named_without_their_passwords() {
    let refused = check_addresses(&["nats://someone:secret@a b:1".to_owned()]).unwrap_err().to_string();
    assert_eq!(refused, "\"a b:1\" is no address of a NATS server");
    let closed = NatsOptions { servers: vec!["nats://someone:secret@127.0.0.1:1".to_owned()], ..Default::default() };
    assert_eq!(refusal(&closed), "could not connect to a NATS server (127.0.0.1:1)");
    assert!(check_addresses(&["nats://n1:4222".to_owned(), "tls://n2".to_owned()]).is_ok());
}

#[test]
fn a_user_and_a_password_may_stand_in_an_address() {
    let Some(server) = TestServer::start_with("authorization { user: me, password: \"top secret\" }\n") else { return };
    let with = |user: &str| NatsOptions {
        servers: vec![format!("nats://{user}@127.0.0.1:{}", server.port())],
        ..server.options()
    };
    assert!(refusal(&with("me:top%20secret")).contains("no JetStream"), "it is let in");
    let refused = runtime().block_on(connect(&with("me:guess"))).unwrap_err();
    let cause = std::error::Error::source(&refused).unwrap().to_string();
    assert!(cause.contains("authorization violation"), "{cause}");
}

#[test]
fn a_server_is_trusted_through_the_authority_that_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    for (name, text) in [("ca", authority.pem()), ("certificate", certificate.pem()), ("key", key.serialize_pem())] {
        fs::write(file(name), text).unwrap();
    }
    let settings = format!("tls {{ cert_file: {:?}, key_file: {:?} }}\n", file("certificate"), file("key"));
    let Some(server) = TestServer::start_with(&settings) else { return };
    let servers = vec![format!("nats://localhost:{}", server.port())];
    let trusted = NatsOptions { servers, ca: Some(file("ca")), ..server.options() };
    assert!(refusal(&trusted).contains("no JetStream"), "it is trusted");
    let strangers = NatsOptions { ca: None, ..trusted };
    assert!(refusal(&strangers).starts_with("could not connect"), "nobody else's certificate is");
}

#[test]
fn credentials_that_cannot_be_read_are_named() {
    let options = NatsOptions { credentials: Some("/nowhere/user.creds".into()), ..options(1) };
    assert_eq!(refusal(&options), "could not read the credentials in /nowhere/user.creds");
}

#[test]
fn versions() {
    assert_eq!(version("2.15.1"), Some((2, 15)));
    assert_eq!(version("v2.14.0-RC.1"), Some((2, 14)));
    assert_eq!((version("2"), version(""), version("x.y")), (None, None, None));
}
