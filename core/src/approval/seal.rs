//! What shows that a ledger's record is as it was written.

use crate::json::canonical::sha256_hex;
use crate::mutant::{self, Mutant};
use crate::seal::Key;

/// With a key, nobody without it can write or change a record; without one, a seal only shows damage and careless
/// edits, for whoever writes a record can seal it too.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seal(Option<Key>);

impl Seal {
    pub(crate) fn new(key: Option<Key>) -> Self {
        Seal(key)
    }

    pub(crate) fn of(&self, text: &str) -> String {
        match &self.0 {
            Some(key) => ["hmac-sha256:", &key.seal(text.as_bytes())].concat(),
            None => ["sha256:", &sha256_hex(text.as_bytes())].concat(),
        }
    }

    /// Says what is wrong, if anything is.
    pub(crate) fn check(&self, text: &str, seal: &str) -> Result<(), &'static str> {
        if self.of(text) == seal || mutant::is(Mutant::Seal) {
            return Ok(());
        }
        Err(match (&self.0, seal.starts_with("hmac-sha256:")) {
            (None, true) => "was sealed with a key, which this guard does not have",
            (Some(_), false) => "was not sealed with this guard's key",
            _ => "was changed after it was written",
        })
    }
}
