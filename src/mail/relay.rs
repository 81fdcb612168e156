//! The server that takes mails, over SMTP (RFC 5321). Each mail has a connection of its own: a server keeps none that
//! nobody uses, and what fails with one mail is no matter of the next.

use std::io;
use std::time::Duration;

use futures::future::BoxFuture;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use tokio::time::timeout;

use super::message::Message;
use crate::background::Stop;
use crate::config::mail::{MailRelay, Security, SmtpUrl};
use crate::domain::follow_up::MailFault;
use crate::faults::{FaultPoint, reached};
use crate::outgoing::is_of_tls;

/// The service is not available, and the connection is closed (RFC 5321, 4.2.3).
const CLOSING: u16 = 421;
/// The name of a mailbox is not one that the server takes (RFC 6531, 3.5).
const NO_SUCH_NAME: MailFault = MailFault::Refused(553);
/// How long a parting word may take.
const PARTING: Duration = Duration::from_secs(2);

/// What came of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tried {
    /// The server has the mail.
    Taken,
    /// It takes this mail not now, or never.
    Refused { fault: MailFault, again: bool },
    /// It takes no mail at all.
    Trouble(MailFault),
    /// The stop came first. The server has nothing of it.
    BrokenOff,
}

/// Takes mails.
pub trait Relay: Send + Sync {
    /// Makes one attempt. A stop breaks it off as long as the server has nothing of it.
    fn send<'a>(&'a self, message: &'a Message, stop: &'a Stop) -> BoxFuture<'a, Tried>;
}

/// How long the server may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// To connect, and for the answer to each word.
    pub word: Duration,
    /// For the answer to the mail itself.
    pub mail: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { word: Duration::from_secs(30), mail: Duration::from_secs(300) }
    }
}

/// Why no mail could ever be sent.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    #[error("cannot read mail.ca_file: {0}")]
    CaFile(#[source] io::Error),
    #[error("mail.ca_file has no certificate in PEM")]
    NoCertificate,
    #[error("TLS for mails cannot be had on this machine: {0}")]
    Tls(#[source] Error),
}

/// A server that speaks SMTP.
pub struct SmtpRelay {
    smtp: SmtpUrl,
    own_name: ClientId,
    /// None for a plain connection.
    tls: Option<TlsParameters>,
    patience: Patience,
}

impl SmtpRelay {
    pub fn new(options: &MailRelay, patience: Patience) -> Result<Self, RelayError> {
        let MailRelay { smtp, from, ca_file } = options;
        let own_name = smtp.own_name.as_deref().unwrap_or(from.email.domain());
        let mut parameters = TlsParameters::builder(smtp.host.to_string());
        if let Some(path) = ca_file {
            let pem = std::fs::read(path).map_err(RelayError::CaFile)?;
            let certificate = Certificate::from_pem(&pem).map_err(|_| RelayError::NoCertificate)?;
            if !pem.windows(PEM.len()).any(|part| part == PEM) {
                return Err(RelayError::NoCertificate);
            }
            parameters = parameters.add_root_certificate(certificate);
        }
        let tls = match smtp.security {
            Security::Plain => None,
            Security::StartTls | Security::Tls => Some(parameters.build_rustls().map_err(RelayError::Tls)?),
        };
        Ok(Self { smtp: smtp.clone(), own_name: ClientId::Domain(own_name.to_owned()), tls, patience })
    }

    /// A server that has agreed to take the message.
    async fn agreed(&self, message: &Message) -> Result<AsyncSmtpConnection, Tried> {
        let mut connection = self.signed_in().await?;
        let mut parameters = Vec::new();
        if !AsRef::<str>::as_ref(&message.to).is_ascii() {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                part(connection);
                return Err(of_this_mail(NO_SUCH_NAME));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        // What is wrong with whom all mails come from is wrong for all of them.
        let sender = Mail::new(Some(message.from.clone()), parameters);
        self.word(connection.command(sender)).await.map_err(Tried::Trouble)?;
        let recipient = Rcpt::new(message.to.clone(), Vec::new());
        if let Err(fault) = self.word(connection.command(recipient)).await {
            part(connection);
            return Err(of_this_mail(fault));
        }
        reached(FaultPoint::MailRecipient);
        Ok(connection)
    }

    async fn signed_in(&self) -> Result<AsyncSmtpConnection, Tried> {
        let SmtpUrl { host, port, security, login, .. } = &self.smtp;
        let at_once = self.tls.clone().filter(|_| *security == Security::Tls);
        let limit = Some(self.patience.word);
        let connecting = AsyncSmtpConnection::connect_tokio1((&**host, *port), limit, &self.own_name, at_once, None);
        let mut connection = self.word(connecting).await.map_err(Tried::Trouble)?;
        if let (Security::StartTls, Some(tls)) = (security, &self.tls) {
            if !connection.can_starttls() {
                return Err(Tried::Trouble(MailFault::Tls));
            }
            let starting = connection.starttls(tls.clone(), &self.own_name);
            self.word(starting).await.map_err(Tried::Trouble)?;
        }
        if let Some((user, password)) = login {
            let credentials = Credentials::new(user.clone(), password.clone());
            self.word(connection.auth(DEFAULT_MECHANISMS, &credentials)).await.map_err(of_login)?;
        }
        Ok(connection)
    }

    async fn handed_over(&self, mut connection: AsyncSmtpConnection, message: &Message) -> Tried {
        let given = match self.word(connection.command(Data)).await {
            Ok(_) => within(self.patience.mail, connection.message(&message.bytes)).await,
            Err(fault) => Err(fault),
        };
        let tried = given.map_or_else(of_this_mail, |_| Tried::Taken);
        part(connection);
        tried
    }

    async fn word<T>(&self, said: impl Future<Output = Result<T, Error>>) -> Result<T, MailFault> {
        within(self.patience.word, said).await
    }
}

/// How every certificate begins.
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";

impl Relay for SmtpRelay {
    fn send<'a>(&'a self, message: &'a Message, stop: &'a Stop) -> BoxFuture<'a, Tried> {
        Box::pin(async move {
            match stop.run_until_cancelled(self.agreed(message)).await {
                None => Tried::BrokenOff,
                Some(Err(tried)) => tried,
                // From here on it is not known what the server has: to the end, stop or not.
                Some(Ok(connection)) => self.handed_over(connection, message).await,
            }
        })
    }
}

/// Says goodbye, for which nobody waits.
fn part(mut connection: AsyncSmtpConnection) {
    drop(tokio::spawn(async move { timeout(PARTING, connection.abort()).await }));
}

async fn within<T>(limit: Duration, said: impl Future<Output = Result<T, Error>>) -> Result<T, MailFault> {
    match timeout(limit, said).await {
        Ok(Ok(said)) => Ok(said),
        Ok(Err(error)) => Err(fault(&error)),
        Err(_) => Err(MailFault::Timeout),
    }
}

/// What an error comes to. Its text may quote the address, so it goes no further.
fn fault(error: &Error) -> MailFault {
    match error.status() {
        Some(code) if error.is_permanent() => MailFault::Refused(code.into()),
        Some(code) => MailFault::Deferred(code.into()),
        None if error.is_tls() || is_of_tls(error) => MailFault::Tls,
        None if error.is_timeout() => MailFault::Timeout,
        None => MailFault::Unreachable,
    }
}

/// What a fault says that came when the server was told who asks.
const fn of_login(fault: MailFault) -> Tried {
    if let MailFault::Refused(_) = fault { Tried::Trouble(MailFault::Login) } else { Tried::Trouble(fault) }
}

/// What a fault says that came after the server had agreed to take mails.
const fn of_this_mail(fault: MailFault) -> Tried {
    match fault {
        MailFault::Deferred(CLOSING) => Tried::Trouble(fault),
        MailFault::Deferred(_) => Tried::Refused { fault, again: true },
        MailFault::Refused(_) => Tried::Refused { fault, again: false },
        MailFault::Unreachable
        | MailFault::Timeout
        | MailFault::Tls
        | MailFault::Login
        | MailFault::Unreadable
        | MailFault::Late => Tried::Trouble(fault),
    }
}
