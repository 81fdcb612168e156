//! Mails that go over a real connection to a mail server of the test's own.

mod postman;
mod relay;
#[path = "../../../tests/support/smtp.rs"]
mod smtp;
