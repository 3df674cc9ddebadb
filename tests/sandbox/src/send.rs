//! Messages that really go out: every channel ends in the outbox as an email to the contact.

use crate::call::Call;
use crate::error::ToolError;
use crate::mail::Mail;
use crate::store::text_of;
use crate::tool::Need;
use serde_json::{Value, json};

pub(crate) const CHANNELS: &[&str] = &["email", "whatsapp", "sms"];

/// Where a message to a contact goes on a channel, or what the contact lacks for it.
pub(crate) fn address(contact: &Value, channel: &str) -> Result<String, ToolError> {
    if channel == "email" {
        return match text_of(contact, "email") {
            "" => Err(ToolError::conflict("This contact has no email address")),
            email => Ok(email.to_owned()),
        };
    }
    match text_of(contact, "phone") {
        "" => Err(ToolError::conflict("This contact has no phone number")),
        phone => Ok(by_phone(channel, phone)),
    }
}

/// A phone number as an address of the outbox, so that tests find all sends in one place.
pub(crate) fn by_phone(channel: &str, phone: &str) -> String {
    format!("{}@{channel}.sandbox.example", phone.trim_start_matches('+'))
}

/// The plan must include the channel.
pub(crate) fn require_channel(call: &Call<'_>, channel: &str) -> Result<(), ToolError> {
    match channel {
        "whatsapp" => crate::plan::require(call, Need::Module("whatsapp")),
        "sms" => crate::plan::require(call, Need::Module("sms")),
        _ => Ok(()),
    }
}

/// What is sent.
pub(crate) struct Outgoing<'a> {
    pub(crate) channel: &'a str,
    pub(crate) to: String,
    pub(crate) subject: &'a str,
    pub(crate) body: &'a str,
    /// The contact, where the recipient is one.
    pub(crate) contact: Value,
}

/// Sends one message and answers the delivery, without keeping it as a message.
pub(crate) fn deliver(call: &Call<'_>, outgoing: &Outgoing<'_>) -> Result<(), ToolError> {
    let subject = match (outgoing.subject, outgoing.channel) {
        ("", "email") => "A message for you",
        ("", channel) => channel,
        (subject, _) => subject,
    };
    call.mail(Mail { to: outgoing.to.clone(), subject: subject.to_owned(), body: outgoing.body.to_owned() })
}

/// Sends one message and keeps it.
pub(crate) fn send(call: &mut Call<'_>, outgoing: &Outgoing<'_>) -> Result<Value, ToolError> {
    deliver(call, outgoing)?;
    let mut doc = json!({
        "channel": outgoing.channel, "to": outgoing.to, "body": outgoing.body,
        "status": "sent", "sentAt": call.now.rfc3339(),
    });
    if !outgoing.subject.is_empty() {
        doc["subject"] = json!(outgoing.subject);
    }
    if let Some(id) = outgoing.contact.get("id") {
        doc["contactId"] = id.clone();
    }
    call.insert("message", doc)
}
