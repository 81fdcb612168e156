//! Mails that go over a real connection to a mail server of the test's own.

mod postman;
mod relay;
#[expect(dead_code, reason = "other tests wait for mails with it")]
#[path = "../../../tests/support/smtp.rs"]
mod smtp;
mod tls;
