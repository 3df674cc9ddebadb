//! Seals: what shows that a stored record is as it was written.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::json::canonical::{hex, sha256_hex};
use crate::secret::Secret;

/// With a key, nobody without it can write or change a record; without one, a seal only shows damage and careless
/// edits, for whoever writes a record can seal it too.
#[derive(Debug, Default)]
pub(crate) struct Seal(Option<Secret>);

impl Seal {
    pub(crate) fn new(key: Option<Secret>) -> Self {
        Seal(key)
    }

    pub(crate) fn of(&self, text: &str) -> String {
        let mac = self.0.as_ref().and_then(|key| {
            // Any length of key is taken.
            let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).ok()?;
            mac.update(text.as_bytes());
            Some(hex(&mac.finalize().into_bytes()))
        });
        match mac {
            Some(mac) => format!("hmac-sha256:{mac}"),
            None => format!("sha256:{}", sha256_hex(text.as_bytes())),
        }
    }

    /// Says what is wrong, if anything is.
    pub(crate) fn check(&self, text: &str, seal: &str) -> Result<(), &'static str> {
        if self.of(text) == seal {
            return Ok(());
        }
        Err(match (&self.0, seal.starts_with("hmac-sha256:")) {
            (None, true) => "was sealed with a key, which this guard does not have",
            (Some(_), false) => "was not sealed with this guard's key",
            _ => "was changed after it was written",
        })
    }
}
