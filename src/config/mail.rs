//! `[mail]`: follow-up mail (R13.2b).

use std::fmt;
use std::path::PathBuf;

use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::reader::Reader;

/// What is sent, and over what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailConfig {
    /// `None`: nothing is sent.
    pub relay: Option<MailRelay>,
    /// An address gets no more than one mail in so many days; 0: as many as there are.
    pub follow_up_every_days: u16,
}

/// The server that takes the mails, and whom they come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailRelay {
    pub smtp: SmtpUrl,
    pub from: Mailbox,
    /// Certificates that are trusted beside those of the machine, in PEM.
    pub ca_file: Option<PathBuf>,
}

/// How a mail server is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    /// A name, or an address without brackets.
    pub host: Box<str>,
    pub port: u16,
    pub security: Security,
    /// User and password.
    pub login: Option<(String, String)>,
    /// How this machine presents itself; `None`: as the domain that mails come from.
    pub own_name: Option<Box<str>>,
}

/// How a connection is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// It is not.
    Plain,
    /// TLS is agreed on before anything is said (`STARTTLS`).
    StartTls,
    /// TLS from the first byte.
    Tls,
}

impl fmt::Debug for SmtpUrl {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, security, .. } = self;
        write!(f, "SmtpUrl({host}:{port}, {security:?})")
    }
}

impl SmtpUrl {
    /// As `smtps://user:password@host:port`, or `smtp://…`, with `?tls=required` for `STARTTLS`. The path is how this
    /// machine presents itself.
    pub fn parse(text: &str) -> Option<Self> {
        let url: Url = text.parse().ok()?;
        let (security, port) = match (url.scheme(), url.query()) {
            ("smtp", None) => (Security::Plain, 25),
            ("smtp", Some("tls=required")) => (Security::StartTls, 587),
            ("smtps", None) => (Security::Tls, 465),
            _ => return None,
        };
        let host = url.host_str().filter(|host| !host.is_empty())?;
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (user, Some(password)) if !user.is_empty() => Some((decoded(user)?, decoded(password)?)),
            _ => return None,
        };
        let own_name = url.path().trim_start_matches('/');
        let is_name = own_name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        (is_name && url.fragment().is_none()).then(|| Self {
            host: host.trim_start_matches('[').trim_end_matches(']').into(),
            port: url.port().unwrap_or(port),
            security,
            login,
            own_name: (!own_name.is_empty()).then(|| own_name.into()),
        })
    }
}

fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    (!text.chars().any(char::is_control)).then(|| text.into_owned())
}

pub(super) fn read(r: &mut Reader) -> MailConfig {
    let expected = "nothing, or a mail server, as in \"smtps://user:password@mail.example.com\" \
                    (smtp:// without TLS, with ?tls=required behind it with STARTTLS),";
    let smtp_url = r.text("mail.smtp_url", "", expected, |text| text.is_empty() || SmtpUrl::parse(text).is_some());
    let expected = "nothing, or whom mails come from, as in \"Acme Support <support@example.com>\",";
    let from = r.text("mail.from", "", expected, |text| text.is_empty() || mailbox(text).is_some());
    let ca_file = r.text("mail.ca_file", "", "nothing, or a path", |_| true);
    let follow_up_every_days = r.integer("mail.follow_up_every_days", 0..=3_650, 30);
    let (smtp, from) = (SmtpUrl::parse(&smtp_url), mailbox(&from));
    if smtp.is_some() && from.is_none() {
        r.fault("mail.smtp_url", "needs mail.from, too");
    }
    let ca_file = Some(ca_file).filter(|path| !path.is_empty()).map(|path| PathBuf::from(&*path));
    if ca_file.is_some() && smtp.as_ref().is_none_or(|smtp| smtp.security == Security::Plain) {
        r.fault("mail.ca_file", "is of no use without TLS in mail.smtp_url");
    }
    let relay = smtp.zip(from).map(|(smtp, from)| MailRelay { smtp, from, ca_file });
    MailConfig { relay, follow_up_every_days }
}

fn mailbox(text: &str) -> Option<Mailbox> {
    text.parse().ok().filter(|_| !text.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r13_2b_a_mail_server_is_an_address_with_or_without_tls() {
        let plain = SmtpUrl {
            host: "mail.example.com".into(),
            port: 25,
            security: Security::Plain,
            login: None,
            own_name: None,
        };
        let with = |text: &str| SmtpUrl::parse(text).unwrap();
        assert_eq!(with("smtp://mail.example.com"), plain);
        let start = SmtpUrl { port: 587, security: Security::StartTls, ..plain.clone() };
        assert_eq!(with("smtp://mail.example.com?tls=required"), start);
        let login = Some(("a@b".to_owned(), "p:/ w".to_owned()));
        let tls =
            SmtpUrl { port: 1465, security: Security::Tls, login, own_name: Some("me.example.com".into()), ..plain };
        assert_eq!(with("smtps://a%40b:p%3A%2F%20w@mail.example.com:1465/me.example.com"), tls);
        assert_eq!(&*with("smtps://[::1]").host, "::1");
        let shown = format!("{tls:?}");
        assert_eq!(shown, "SmtpUrl(mail.example.com:1465, Tls)");
        let refused = [
            "mail.example.com",
            "http://mail.example.com",
            "smtp:///x",
            "smtp://mail.example.com?tls=opportunistic",
            "smtp://mail.example.com?tls=required&x=1",
            "smtps://mail.example.com?tls=required",
            "smtp://user@mail.example.com",
            "smtp://:secret@mail.example.com",
            "smtp://u:%0d%0aRSET@mail.example.com",
            "smtp://mail.example.com/a/b",
            "smtp://mail.example.com#x",
        ];
        for text in refused {
            assert_eq!(SmtpUrl::parse(text), None, "{text}");
        }
    }
}
