//! One attempt over HTTP: within bounds of time and of bytes, to where requests may go, without following anything.

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};

use super::resolver::{NoAddress, Refused, Resolver};
use crate::domain::delivery::DeliveryFault;
use crate::outgoing::{self, address, target};

/// From the name's resolution to the end of what is read of the answer.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// How long the body of an answer is waited for, once its status is there.
const EXCERPT_PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of an answer that are read.
const EXCERPT: usize = 1_024;
/// How long a connection that nobody uses stays open.
const IDLE: Duration = Duration::from_secs(30);

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub url: Box<str>,
    /// `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub body: Vec<u8>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: Option<u16>,
    /// `None`: it has arrived.
    pub fault: Option<DeliveryFault>,
    /// The header `Retry-After` as it was sent.
    pub retry_after: Option<Box<str>>,
    /// The beginning of the body.
    pub excerpt: Box<str>,
}

impl Answer {
    fn failed(fault: DeliveryFault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }
}

/// Makes attempts.
pub trait Post: Send + Sync {
    /// Ends within [`PATIENCE`].
    fn post(&self, message: Message) -> BoxFuture<'_, Answer>;
}

/// Makes them over HTTP.
pub struct HttpPost {
    client: Client,
    /// Also to private addresses, and without TLS.
    private: bool,
}

impl HttpPost {
    /// The error is one of the machine: no certificates to trust, as a rule.
    pub fn new(private: bool) -> Result<Self, reqwest::Error> {
        let may_reach: fn(IpAddr) -> bool = if private { |_| true } else { address::is_public };
        Self::with(Resolver::system(may_reach), private, PATIENCE)
    }

    /// A proxy would connect in our place, to where we would not.
    fn with(resolver: Resolver, private: bool, patience: Duration) -> Result<Self, reqwest::Error> {
        let client = outgoing::client()
            .user_agent(concat!("Tripswitch/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(Policy::none())
            .dns_resolver(std::sync::Arc::new(resolver))
            .timeout(patience)
            .pool_max_idle_per_host(2)
            .pool_idle_timeout(IDLE);
        Ok(Self { client: client.build()?, private })
    }

    async fn attempt(&self, message: Message) -> Answer {
        // What was allowed when the endpoint was made may not be any more; and of an address no resolver is asked.
        let Ok(url) = target::check(&message.url, self.private) else { return Answer::failed(DeliveryFault::Address) };
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.timestamp)
            .header("webhook-signature", message.signature)
            .body(message.body);
        match request.send().await {
            Ok(response) => answered(response).await,
            Err(error) => Answer::failed(fault_of(&error)),
        }
    }
}

impl Post for HttpPost {
    fn post(&self, message: Message) -> BoxFuture<'_, Answer> {
        Box::pin(self.attempt(message))
    }
}

/// The status decides. Its body is for people, and may come or not.
async fn answered(mut response: Response) -> Answer {
    let status = response.status();
    let fault = match status {
        _ if status.is_success() => None,
        _ if status.is_redirection() => Some(DeliveryFault::Redirect),
        _ => Some(DeliveryFault::Status),
    };
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(Into::into);
    let mut bytes = Vec::new();
    // Nothing is lost with what does not come in time.
    drop(tokio::time::timeout(EXCERPT_PATIENCE, begin(&mut response, &mut bytes)).await);
    bytes.truncate(EXCERPT);
    let excerpt = String::from_utf8_lossy(&bytes).into();
    Answer { status: Some(status.as_u16()), fault, retry_after, excerpt }
}

/// Reads a body until there is enough of it.
async fn begin(response: &mut Response, bytes: &mut Vec<u8>) {
    while bytes.len() < EXCERPT
        && let Ok(Some(piece)) = response.chunk().await
    {
        bytes.extend_from_slice(&piece[..piece.len().min(EXCERPT)]);
    }
}

fn fault_of(error: &reqwest::Error) -> DeliveryFault {
    let cause: &(dyn Error + 'static) = error;
    if error.is_timeout() {
        DeliveryFault::Timeout
    } else if outgoing::cause::<Refused>(cause).is_some() {
        DeliveryFault::Address
    } else if outgoing::cause::<NoAddress>(cause).is_some() {
        DeliveryFault::Name
    } else if outgoing::is_of_tls(cause) {
        DeliveryFault::Tls
    } else if error.is_connect() {
        DeliveryFault::Connect
    } else {
        DeliveryFault::Broken
    }
}

/// Whether the receiver says that nothing should be sent any more.
pub const fn is_gone(answer: &Answer) -> bool {
    matches!(answer.status, Some(status) if status == StatusCode::GONE.as_u16())
}

#[cfg(test)]
mod tests;
