//! A running server that a verb works on.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::exit::{Exit, Failure};
use crate::domain::system::KeySecret;
use crate::files::explained;
use crate::outgoing;
use crate::wire::failure as wire;

/// A running server; paths are those below `/api/admin`, or begin with a slash.
pub struct Remote {
    url: String,
    key: KeySecret,
    client: reqwest::Client,
    runtime: tokio::runtime::Runtime,
}

/// No body.
pub const NOTHING: Option<&()> = None;

/// What an answer takes that needs no work.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came back.
pub struct ServerAnswer {
    url: String,
    pub status: u16,
    body: Vec<u8>,
}

impl ServerAnswer {
    /// A 2xx, as what it should be.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let Self { url, status, body } = self;
        if (200..300).contains(status) {
            let unread =
                |error| Failure::new(Exit::Failed, format!("{url} answered what this program cannot read: {error}"));
            return serde_json::from_slice(body).map_err(unread);
        }
        let exit = match status {
            401 | 403 => Exit::Denied,
            503 => Exit::Unreachable,
            _ => Exit::Failed,
        };
        Err(Failure::new(exit, refusal(*status, body)))
    }
}

impl Remote {
    /// `url` is that of its API; `ca` a PEM file of the only authorities to trust.
    pub fn new(url: &str, key: KeySecret, ca: Option<&Path>) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, error.to_string());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| failed(&e))?;
        let client = outgoing::client().connect_timeout(PATIENCE).no_proxy();
        let client = match ca {
            Some(file) => client.tls_certs_only(authorities(file)?),
            // A machine without any authority is no reason not to reach a server without TLS.
            None if url.starts_with("http://") => client.tls_certs_only([]),
            None => client,
        };
        let client = client.build().map_err(|e| failed(&innermost(&e)))?;
        Ok(Self { url: url.trim_end_matches('/').to_owned(), key, client, runtime })
    }

    fn place(&self, path: &str) -> String {
        let prefix = if path.starts_with('/') { "" } else { "/api/admin/" };
        format!("{}{prefix}{path}", self.url)
    }

    /// Runs what waits for a server.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Asks for what is there at once.
    pub fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Failure> {
        self.run(self.ask(method, path, body, Some(PATIENCE)))?.read()
    }

    /// Asks; without `patience` for as long as the server works.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&(impl Serialize + ?Sized)>,
        patience: Option<Duration>,
    ) -> Result<ServerAnswer, Failure> {
        let url = self.place(path);
        let method = method.parse().map_err(|_| Failure::new(Exit::Failed, "not a method"))?;
        let request = self.client.request(method, &url).bearer_auth(self.key.expose());
        let request = if let Some(body) = body { request.json(body) } else { request };
        let request = if let Some(patience) = patience { request.timeout(patience) } else { request };
        let answer = async {
            let response = request.send().await?;
            Ok::<_, reqwest::Error>((response.status().as_u16(), response.bytes().await?))
        };
        match answer.await {
            Ok((status, body)) => Ok(ServerAnswer { url, status, body: body.into() }),
            Err(error) => {
                let exit = if error.is_builder() { Exit::Usage } else { Exit::Unreachable };
                Err(Failure::new(exit, format!("{url}: {}", innermost(&error))))
            }
        }
    }

    /// Writes the body of a GET to `out` as it comes.
    pub fn download(&self, path: &str, out: &mut dyn Write) -> Result<(), Failure> {
        let url = self.place(path);
        let lost = |error: reqwest::Error| Failure::new(Exit::Unreachable, format!("{url}: {}", innermost(&error)));
        self.run(async {
            let mut response = self.client.get(&url).bearer_auth(self.key.expose()).send().await.map_err(lost)?;
            let status = response.status().as_u16();
            if !response.status().is_success() {
                let body = response.bytes().await.map_err(lost)?.into();
                return ServerAnswer { url: url.clone(), status, body }.read();
            }
            while let Some(piece) = response.chunk().await.map_err(lost)? {
                out.write_all(&piece)?;
            }
            Ok(out.flush()?)
        })
    }
}

/// The certificates in a PEM file.
fn authorities(file: &Path) -> Result<Vec<reqwest::Certificate>, Failure> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let pem = std::fs::read(file).map_err(|error| {
        let failure = Failure::of(Exit::NoInput, &explained(file, error));
        Failure { message: named(&failure.message), ..failure }
    })?;
    let authorities = reqwest::Certificate::from_pem_bundle(&pem);
    let authorities = authorities.map_err(|error| Failure::new(Exit::Failed, named(&innermost(&error))))?;
    if authorities.is_empty() {
        return Err(Failure::new(Exit::Failed, named(&"there is no certificate in it")));
    }
    Ok(authorities)
}

/// The sentence of R2.7, and what it points at.
fn refusal(status: u16, body: &[u8]) -> String {
    let Ok(failure) = serde_json::from_slice::<wire::Failure<'_>>(body) else {
        return format!("The server answered {status}.");
    };
    told(&failure.error, &failure.details)
}

/// A sentence with everything that is wrong.
pub fn told(sentence: &str, faults: &[wire::Fault]) -> String {
    let details = faults.iter().map(|fault| format!("\n  {}: {}", fault.pointer, fault.error));
    format!("{sentence}{}", details.collect::<String>())
}

fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_7_a_refusal_tells_all_its_details() {
        let body = br#"{"error": "The body is invalid.", "code": "invalid_request", "requestId": "1", "details": [{"pointer": "/name", "error": "is required"}]}"#;
        assert_eq!(refusal(400, body), "The body is invalid.\n  /name: is required");
        assert_eq!(refusal(502, b"<html>"), "The server answered 502.");
    }

    #[test]
    fn r10_9_an_unreachable_server_is_69() {
        // Port 9 of this host: nothing listens there, so the connection is refused at once.
        let remote = Remote::new("http://127.0.0.1:9/", "k".to_owned().into(), None).unwrap();
        let failure = remote.call::<()>("GET", "keys", NOTHING).unwrap_err();
        assert_eq!(failure.exit, Exit::Unreachable);
        assert!(failure.message.starts_with("http://127.0.0.1:9/api/admin/keys: "), "{failure}");
    }
}
