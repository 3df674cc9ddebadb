//! Seals: what shows that a stored text is as it was written.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::{Code, Error, Result};
use crate::json::canonical::hex;
use crate::secret::Secret;

const LEAST_BYTES: usize = 32;

/// Whoever lacks it can neither forge nor rewrite what is sealed with it.
#[derive(Debug, Clone)]
pub(crate) struct Key(Secret);

impl Key {
    pub(crate) fn read(secret: &Secret) -> Result<Key> {
        let text = secret.expose();
        let digits = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !digits || text.len() < LEAST_BYTES * 2 {
            return Err(Error::new(
                Code::InvalidOptions,
                "`seal_key` must be at least 32 random bytes in hexadecimal.",
            ));
        }
        Ok(Key(Secret::new(text.to_ascii_lowercase())))
    }

    /// HMAC-SHA256 in hexadecimal.
    pub(crate) fn seal(&self, text: &[u8]) -> String {
        let nibble = |digit: &u8| char::from(*digit).to_digit(16).unwrap_or_default() as u8;
        let bytes = |pair: &[u8]| pair.iter().fold(0, |byte, digit| byte << 4 | nibble(digit));
        let key: Vec<u8> = self.0.expose().as_bytes().chunks_exact(2).map(bytes).collect();
        // Any length of key is taken.
        let mac = Hmac::<Sha256>::new_from_slice(&key).map(|mac| mac.chain_update(text).finalize().into_bytes());
        mac.map(|mac| hex(&mac)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Key;
    use crate::secret::Secret;

    #[test]
    fn seals_are_those_of_rfc_4231() {
        let seal = |key: &str, text: &str| Key(Secret::new(key)).seal(text.as_bytes());
        assert_eq!(
            seal(&"0b".repeat(20), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        assert_eq!(
            seal("4a656665", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            seal(&"aa".repeat(131), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
