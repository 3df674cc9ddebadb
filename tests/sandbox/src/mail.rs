//! Emails: built here as real messages, handed to an outbox directory or to an SMTP server.

use crate::time::Time;
use lettre::message::{Mailbox, header::ContentType};
use lettre::{FileTransport, Message, SmtpTransport, Transport};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// An email as a tool composes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The recipient's address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text.
    pub body: String,
}

/// Something that can send emails.
pub trait Mailer: Send {
    /// Sends one; the error is a sentence without the message's content.
    fn send(&self, mail: &Mail, now: Time) -> Result<(), String>;
}

/// The mailers that `lettre` offers.
pub enum LettreMailer {
    /// Writes `.eml` files.
    Outbox(FileTransport),
    /// Speaks SMTP without TLS, for a mail catcher on this machine.
    Smtp(SmtpTransport),
}

impl LettreMailer {
    /// Writes every message into this directory.
    pub fn outbox(directory: &Path) -> Self {
        Self::Outbox(FileTransport::new(directory))
    }

    /// Sends every message to this server.
    pub fn smtp(host: &str, port: u16) -> Self {
        let transport =
            SmtpTransport::builder_dangerous(host).port(port).timeout(Some(Duration::from_secs(10))).build();
        Self::Smtp(transport)
    }
}

/// The sender of every message.
const FROM: &str = "FavCRM Sandbox <no-reply@sandbox.example>";

fn message(mail: &Mail, now: Time) -> Result<Message, String> {
    let mailbox = |address: &str| -> Result<Mailbox, String> {
        address.parse().map_err(|_| "an address is not valid".to_owned())
    };
    let millis = u64::try_from(now.millis()).unwrap_or_default();
    Message::builder()
        .from(mailbox(FROM)?)
        .to(mailbox(&mail.to)?)
        .subject(mail.subject.clone())
        .date(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
        .message_id(None)
        .header(ContentType::TEXT_PLAIN)
        .body(mail.body.clone())
        .map_err(|error| error.to_string())
}

impl Mailer for LettreMailer {
    fn send(&self, mail: &Mail, now: Time) -> Result<(), String> {
        let message = message(mail, now)?;
        match self {
            Self::Outbox(files) => files.send(&message).map(drop).map_err(|error| error.to_string()),
            Self::Smtp(smtp) => smtp.send(&message).map(drop).map_err(|error| error.to_string()),
        }
    }
}

/// `yo*@example.com`: what a person needs to recognise their own address, and no more.
pub(crate) fn masked(email: &str) -> String {
    let (name, domain) = email.split_once('@').unwrap_or((email, ""));
    let shown: String = name.chars().take(2).collect();
    format!("{shown}*@{domain}")
}
