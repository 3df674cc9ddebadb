//! Values that must not be seen, and what may be seen in their place.

use serde::{Serialize, Serializer};

use crate::json::canonical::sha256_hex;
use crate::json::de::{FromNode, Source, record};

/// A secret passing through. Prints as `[secret]` and has no `Serialize`; only a `keep` step writes it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// Writes the secret into a `keep` step.
    pub(crate) fn hand_over<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&secret.0)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl FromNode for Secret {
    fn blank() -> Self {
        Secret::new("")
    }

    fn fill(&mut self, from: &mut Source<'_>) {
        self.0.fill(from);
    }
}

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("[secret]")
    }
}

/// What stands in for a secret wherever people, logs or models look.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Masked {
    /// The vault's name for the secret.
    pub name: String,
    /// The known prefix and a fingerprint, such as `fav_mcp_…(sha256:1a2b3c4d)`; no character of the secret part.
    pub masked: String,
}

record!(open Masked { name, masked; });

/// The prefix and the first 32 bits of the SHA-256: enough to tell two keys apart, useless for guessing one.
pub(crate) fn mask(secret: &str, prefix: &str) -> String {
    let fingerprint: String = sha256_hex(secret.as_bytes()).chars().take(8).collect();
    format!("{prefix}…(sha256:{fingerprint})")
}
